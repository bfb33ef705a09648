### Texts of all pages for staff.

cancel = Cancel
undo = Undo ({ $seconds } s left)
paihao = Paihao
connected = Connected
connecting = Connecting
not-connected = Not connected
not-there-yet = The service is not reached just now. This page goes on by itself when it is back.
checking = Checking. It will not be done twice

## Signing in

sign-in = Sign in
sign-in-title = Sign in
sign-in-about = This page is for the staff of the hall.
sign-in-name = Name
sign-in-password = Password
sign-in-or = or
sign-in-sso = Sign in with your organisation's account
sign-in-needs-https = Your name and password are right, but this address begins with http, where the browser does not keep you signed in. Please open this page with https. If that does not open, ask whoever runs the service to set it up.
sign-in-not-kept = Your name and password are right, but this browser does not keep you signed in. Please allow cookies for this address, then sign in again.
sign-out = Sign out
sign-out-everywhere = Sign out on all devices
password-title = Choose your own password
password-about = The password you were given is good for once.
password-current = Present password
password-new = New password
password-again = New password, once more
password-hint = At least 10 characters, and without your name.
password-differs = These two differ. Please type the second one again.
password-save = Save and go on
no-role-title = No work for you here yet
no-role-about = You are signed in, but this hall does not know you. Please ask its manager to add you.
account-admin = Administrator
go-to = Pages
go-manage = Manage the hall
go-ops = Operations
go-halls = All halls
theme = Appearance
theme-system = As the system
theme-light = Light
theme-dark = Dark
theme-contrast = High contrast

## Refusals: the reason, then what the person can do

problem-unreached = The service is not reached just now, so it is not known whether this was done. This page shows how things stand as soon as it is back.
problem-other = This was not done: { $title }
problem-sign-in-refused = This name and password do not go together. Please check both, or ask your manager for a new password.
problem-rate-limited = That was often. Please go on in { $seconds } s.
problem-forbidden = Your role does not allow this. Please ask the hall's manager.
problem-token-missing = You have been signed out. Please sign in again.
problem-token-invalid = You have been signed out. Please sign in again.
problem-wrong-state = This has changed meanwhile. The page shows how it is now.
problem-counter-busy = Somebody is still here. Finish or park first.
problem-counter-busy-named = { $number } is still here. Finish or park first.
problem-counter-closed = This counter is not open. Open it first.
problem-counter-not-found = This hall has no such counter.
problem-ticket-not-found = This ticket is no longer there.
problem-appointment-not-found = This appointment is no longer there.
problem-alarm-not-found = Somebody has seen to this call for help already.
problem-notice-not-found = This notice has been taken down already.
problem-account-not-found = This person has no role in this hall any more.
problem-device-not-found = The key of this device has been taken back already.
problem-message-not-found = This message is no longer there.
problem-service-not-found = This hall no longer has this service.
problem-hall-not-found = There is no such hall.
problem-hall-closed = The hall is not open for this now.
problem-hall-suspended = The hall is suspended. Calls go on when it is lifted.
problem-online-only = This is done online. No visit is needed.
problem-busy = The service is very busy just now. Nothing was done; please press once more.
problem-storage-unavailable = The service cannot store anything just now. Nothing was done; please press once more.
problem-outcome-unknown = It is not known yet whether this was done. This page shows it as soon as it is.
problem-body-invalid = Something in this form does not fit. Please look at it again.
problem-fault = Something went wrong on our side, and was noted. Please press once more.

## Pages on phones

back = Back
step-of = Step { $at } of { $of }
minutes-range = { $from }–{ $to } min
minutes-short = { $minutes } min
axis-now = now
loading = Loading
code-label = QR code of { $code }
