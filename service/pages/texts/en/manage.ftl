### The manager's page.

manage-bookings = Bookings
manage-invitations = Invitations
manage-skip = To the content
manage-nav =
    .aria-label = Manage
hall-open = Open
hall-open-until = Open until { $time }
hall-closed = Closed
hall-suspended = Suspended
stale = Not connected. This is from { $time }, and is renewed as soon as the hall is reached
unsaved = Unsaved

## All sections

list-separator = {", "}
date-with-weekday = { $weekday } { $date }
of-thing = { $act }: { $thing }
field-in-language = { $field } ({ $language })
change = Change
remove = Remove
restore = Restore
close = Close
more = More
all = All
never = Not yet
copy = Copy
copied = Copied
take-over = Apply
move-up = Move up
was = Was { $value }
was-none = Was empty
unit-minutes = min
unit-days = days
unit-counters = counters
thing-new = New
thing-changed = Changed
thing-wrong = To put right
thing-removed = To be removed
value-none = none
value-yes = yes
value-no = no
value-there = there
value-closed = closed
value-minutes = { $minutes } min
value-days = { $days ->
    [one] { $days } day
   *[other] { $days } days
  }
value-percent = { $percent } %
value-counters = { $counters ->
    [one] { $counters } counter
   *[other] { $counters } counters
  }
value-band = { $span } { $counters ->
    [one] { $counters } counter
   *[other] { $counters } counters
  }

## Hours and staffing

hours-title = Hours and staffing
hours-about = Each change is tried out first. Save when you have seen what it does.
hours-opening = Opening hours
hours-every-day = Every day
hours-opens = Opens
hours-closes = Closes
hours-by-day = Day by day
hours-holidays = Keep public holidays
hours-exception-add = Add an exception
hours-exception-on = Exception: { $date }
hours-exception-removed = Lifted (was { $was })
hours-exception-title = Exception on one day
hours-exception-date = Date
hours-exception-is = On this day
hours-exception-times = Times
hours-exception-times-hint = Such as 09:00–12:00, 13:30–17:00
hours-closed-all-day = Closed all day
hours-other-times = Open at these times
hours-as-weekday = As on any such day
hours-calendar = Time zone and calendar
span-from = from
span-to = to
span-to-word = to
span-counters = counters
span-add = Add times
span-add-to = { $label }: add times
span-remove = { $label }: remove { $span }
band-add = Add a span
staffing-today = Counters today
staffing-on = Counters on { $date }
staffing-date = Date
staffing-caption = Counters through { $date }
staffing-drawn-today = Counters through today, as in the table below
staffing-drawn-on = Counters through { $date }, as in the table below
staffing-span = Time
staffing-plan = Planned
staffing-now = Today
staffing-then = That day
staffing-why = Why
staffing-count-of = Counters from { $from } to { $to }
staffing-as-planned = As planned
staffing-closed = The hall is closed on this day.
staffing-less = One fewer, until …
staffing-more = One more, from …
staffing-less-until = { $count } fewer until { $to }
staffing-less-from = { $count } fewer from { $from }
staffing-more-until = { $count } more until { $to }
staffing-more-from = { $count } more from { $from }
staffing-as-week = Back to the plan
staffing-week = Set by weekday
staffing-week-hide = Hide weekdays
staffing-week-title = Counters by weekday
staffing-of-day = { $day }, counters
staffing-all = Not set: all counters count as staffed
staffing-week-as-monday = Every day as Monday
adjust-less = Fewer by
adjust-more = More by
adjust-count = How many people
adjust-people = from

## Effect of saving

effect-title = If you save
effect-title-now = The rest of today
effect-known = Tried out at { $time }, not in force
effect-known-now = As of { $time }
effect-asking = Trying it out …
effect-faulty = Something is to be put right first
effect-unreached = Cannot be tried out just now
effect-now = Now
effect-after = After
effect-places = Places today
effect-longest = Longest, rest of today
effect-ninety = Wait of nine in ten, at most
effect-wait = Coming now: nine in ten, at most
effect-over = Bookings over capacity
effect-over-kept = { $count ->
    [one] One booking is kept, but will be called late.
   *[other] { $count } bookings are kept, but will be called late.
  }
effect-places-on = Places on { $date }: { $before } → { $after }
effect-chart = Wait in minutes, by arrival
effect-chart-described = Wait of nine in ten at most, in minutes, before and after; the numbers are in the table below
effect-chart-described-now = Wait of nine in ten at most, in minutes; the numbers are in the table below
effect-now-peak = now { $minutes }
effect-after-peak = after { $minutes }
effect-numbers = Show the numbers
effect-time = Arrival
effect-save = Save
effect-discard = Discard changes
unit-places = { $count }
unit-wait = { $minutes } min
unit-bookings = { $count }
save-waits-asking = You can save once it has been tried out.
save-waits-saving = Saving …
save-waits-faulty = Put right what is marked, then save.
save-waits-merge = First see what the other manager changed.
save-waits-unreached = You can save once it can be tried out.
saved = Saved. It is in force.
changes-count = { $count ->
    [one] { $count } change
   *[other] { $count } changes
  }
change-added = Added
change-removed = Removed
change-from-to = { $was } → { $now }
dock-known = { $count ->
    [one] { $count } unsaved change
   *[other] { $count } unsaved changes
  }
dock-look = See it and save

## Changes by two managers

merge-title = Another manager has just saved changes
merge-about = Both your changes are here; nothing is lost. Where you changed the same thing differently, choose one.
merge-both = { $count ->
    [one] Changed differently by both of you
   *[other] { $count } things changed differently by both of you
  }
merge-is-mine = Mine
merge-is-theirs = Theirs
merge-theirs = { $count ->
    [one] One change of theirs is taken over
   *[other] { $count } changes of theirs are taken over
  }
merge-mine = { $count ->
    [one] One change of yours is kept
   *[other] { $count } changes of yours are kept
  }
merge-open = See and merge
merge-go-on = Merge and go on

## Faults

faults-title = { $count ->
    [one] One thing to put right
   *[other] { $count } things to put right
  }
fault-refused = This does not fit here:
fault-time = Please write a time such as 09:00.
fault-whole = Please write a whole number.
fault-number = Please write a number.
fault-small = This number is too small.
fault-large = This number is too large.
fault-span = { $from } to { $to } is no span within a day.
fault-code = Use 1 to 32 small letters, digits or hyphens.
fault-counter-number = Use 1 to 16 letters, digits or hyphens.
fault-twice = { $id } is taken already.
fault-prefix = Use 1 to 3 capital letters.
fault-prefix-twice = { $prefix } is another service's prefix.
fault-language = { $language } is no language code, such as zh-CN or en.
fault-languages-missing = At least one language.
fault-name-missing = Please write the hall's name.
fault-time-zone = There is no such time zone. Asia/Shanghai is one.
fault-day-starts = A day starts between 00:00 and 23:59.
fault-country = Two capital letters, such as CN.
fault-country-missing = A hall that keeps public holidays needs its country.
fault-zones-missing = At least one zone.
fault-stages-missing = At least one stage.
fault-services-missing = At least one service.
fault-zone-unknown = There is no zone { $id }.
fault-stage-unknown = There is no stage { $id }.
fault-service-unknown = There is no service { $id }.
fault-counter-services = Choose at least one service.
fault-service-stages = Choose at least one stage.
fault-url = An address that begins with https://.

## Fields of the document

field-hall-name = Name of the hall
field-languages = Languages
field-time-zone = Time zone
field-day-starts = A day starts at
field-country = Country
field-region = Region
field-holidays = Keep public holidays
field-hours = opening hours
field-exception = exception
field-staffing-week = counters
field-staffing-date = counters
field-zones-order = Order of zones
field-zone = Zone
field-stages-order = Order of stages
field-stage = Stage
field-services-order = Order of services
field-service = Service
field-counters-order = Order of counters
field-counter = Counter
field-papers-order = Order of papers
field-paper = Paper
field-paper-name = Name of the paper
field-code = Code
field-name = Name
field-stage-optional = Skip this stage while no counter is open for it
field-prefix = Prefix
field-service-stages = Stages it goes through
field-duration-mean = Mean time
field-duration-cv = Spread of the time
field-duration-prechecked = Mean time when pre-checked
field-duration-stage = Mean time: { $stage }
field-stage-duration = Mean time of the stage
field-stage-cv = Spread of the stage's time
field-online-url = Address online
field-bookable = Can be booked
field-count-max = People on one ticket, at most
field-counter-number = Counter number
field-counter-zone = Zone
field-counter-stage = Stage
field-counter-services = Services served
field-credit-appointment = Appointment
field-credit-green = Green channel
field-credit-returning = Returning
field-grace = Late for an appointment
field-early = Early for an appointment
field-doors-before = Tickets before opening
field-no-show-after = Offer no-show
field-auto-no-show = No-show by itself
field-park-penalty = Back after being parked
field-max-walk-in-wait = Walk-ins first after
field-promise-step = Waits rounded to
field-horizon = Can be booked ahead
field-notice = Book at least before
field-booking-z = How full
field-held-share = Kept for walk-ins
field-per-person = Bookings per person, at most
field-admission = Walk-ins
field-overtime = Overtime may be opened
field-entrance = Tickets need the entrance code
field-reasons-order = Order of reasons
field-reason = Reason
field-missing-order = Order of missing papers
field-missing = Missing paper
field-ratings-order = Order of reasons of a rating
field-rating = Reason of a rating
field-text = Text
hint-time-zone = Such as Asia/Shanghai.
hint-day-starts = For halls open at night, such as 04:00.
hint-country = Two letters, such as CN. Holidays go by it.
hint-region = Where a region has holidays of its own.
hint-languages = With commas between. Now: { $names }.
hint-code = Small letters, digits, hyphens. It stays once saved.
hint-prefix = One to three letters no other service has.
hint-prechecked = Empty: as without a pre-check.
hint-duration-main = At the last stage that is not skipped.
hint-duration-optional = Empty: 3/8 of the mean time, until the hall has learned better.
hint-duration-needed = Empty: as long as the mean time, until the hall has learned better.
hint-cv = 60 % means most take between 40 % and 160 % of the mean.
hint-count-max = A family may share one ticket.
hint-online-url = With an address it is online only, and has no tickets.
hint-credit-appointment = Who has booked counts as having come so much earlier.
hint-credit-green = Who is urgent counts as having come so much earlier.
hint-credit-returning = Who brings a missing paper counts as having come so much earlier.
hint-park-penalty = After their return they stand with the people who came at most this long ago.
hint-max-walk-in-wait = Who waited so long without a booking goes first. Empty: never.
hint-grace = Up to so late, a booking still counts.
hint-early = So long before its time, a booking may be called.
hint-doors-before = Tickets are given out this long before opening, so that nobody queues outside.
hint-no-show-after = So long after the call, the counter is offered "no-show".
hint-auto-no-show = After three recalls; otherwise the clerk decides.
hint-promise-step = Waits are rounded outward to so many minutes.
hint-notice = A booking is made at least so long before.
hint-held-share = This share of the staff is not given to bookings, in hours for which the number of walk-ins is not known yet.
hint-booking-z = What is left free for days that go otherwise than expected.
hint-admission = "While they fit" gives standby tickets when the day is full.
hint-entrance = Not from home: the code at the door changes every minute.

## Counters and services

places-title = Counters and services
places-hall = Hall
places-counters = Counters
places-services = Services
places-papers = Papers to bring
places-zones = Zones
places-zones-about = Each zone may have screens of its own.
places-stages = Stages
places-stages-about = The steps of a service, such as pre-check, then counter.
counter-numbered = { $stage } { $counter }
counter-named = { $stage } { $counter }
counter-add = Add a counter
service-add = Add a service
service-online = Online only
paper-add = Add a paper
zone-add = Add a zone
stage-add = Add a stage

## Rules

rules-title = Rules
rules-order = Order of calls
rules-order-about = First come, first called. These count as having come so many minutes earlier; nothing else counts.
rules-door = Tickets
rules-coming = After the call
rules-reasons = Reasons
rules-reasons-about = What clerks choose from: for the green channel, calling one, pausing, parking.
rules-missing = Missing papers
rules-missing-about = What clerks choose from: papers to be brought later.
rules-ratings = Reasons of a rating
rules-ratings-about = What people choose from on their phone after the visit, to say why they rate it so. The report counts them.
admission-fit = While they fit into the day
admission-all = Everybody
reason-add = Add a reason
missing-add = Add a missing paper
rating-add = Add a reason

## Today

today-title = Today
today-counters = Counters
today-queue = Waiting
today-acts = When things go otherwise
counter = Counter
counter-stage = Stage
counter-state = State
counter-person = Person
counter-since = Since
counter-staff = Staff
counter-acts = Actions
counter-open = Open
counter-paused = Paused
counter-closed = Closed
counter-do-open = Open
counter-do-pause = Pause
counter-do-resume = Resume
counter-do-close = Close
counter-page-opens = { $counter }: opens the counter's page
counters-open-all = { $count ->
    [one] Open the other counter
   *[other] Open the other { $count } counters
  }
counters-opened = { $count ->
    [one] One counter opened.
   *[other] { $count } counters opened.
  }
counter-person-gone = { $number } is no longer at { $counter }. If you still want to pause or close it, press again.
counter-release-title = { $number } is still at { $counter }
counter-release-about = { $number } goes back to the same place in the queue, and is called to another counter.
counter-release = Put back
screen-open = Open the lobby screen
somebody = Staff
queue-service = Service
queue-waiting = Waiting
queue-wait = Wait if you come now
queue-beside = Also { $standby } on standby and { $parked } parked.
wait-range = { $from }–{ $to } min
wait-unknown = not known now
wait-full = Full today
wait-standby = Standby only today
wait-no-new = No new numbers
alarm = Somebody calls for help, { $time }
alarm-at = { $counter } calls for help, { $time }
alarm-clear = Done
printer-low = Kiosk { $name }: paper is running low, { $time }
printer-out = Kiosk { $name }: paper is out, { $time }
printer-away = Kiosk { $name }: its printer does not answer, or cannot print, { $time }
alarm-kiosk = Help wanted at kiosk { $name }, { $time }
suspension-begin = Suspend …
suspension-title = Suspend the hall
suspension-about = No tickets and no calls; screens show only this text. Afterwards everything goes on as before, and nobody is passed over in the meantime.
suspension-why = What happened
suspension-fire = Evacuation
suspension-system = System away
suspension-other = Something else
suspension-text = Words on the screens
suspension-until = Expected back
suspension-until-hint = Goes on by itself then. Empty: until you lift it, on the days after today too.
suspension-confirm = Suspend now
suspension-lift = Go on
suspension-lifted = The hall goes on.
suspended = Suspended
suspended-until = Suspended, expected back at { $time }
overtime-begin = Overtime …
overtime-title = Overtime
overtime-about = Calls go on after closing, and people who come in that time get a ticket.
overtime-until-field = Until
overtime-counters = Counters
overtime-counters-hint = Empty: as many as at closing.
overtime-confirm = Open overtime
overtime-opened = Overtime is open.
overtime-until = Overtime until { $time }
overtime-until-with = Overtime until { $time } with { $counters ->
    [one] { $counters } counter
   *[other] { $counters } counters
  }
overtime-end = End overtime
overtime-ended = No more overtime.
day-close = End the day …
day-close-title = End the day of { $date }?
day-close-about = { $waiting ->
    [0] Nobody is waiting. No more tickets or calls today, and today's appointments still to come are cancelled. This cannot be undone.
    [one] One person is waiting: their ticket ends today, and they need not queue when they come again. No more tickets or calls today, and today's appointments still to come are cancelled. This cannot be undone.
   *[other] { $waiting } people are waiting: their tickets end today, and they need not queue when they come again. No more tickets or calls today, and today's appointments still to come are cancelled. This cannot be undone.
  }
day-close-confirm = End the day
day-close-more = More people have come since. Please look, and press again if the day shall end.
day-close-over = { $date } is over meanwhile. Nothing was changed.
day-over = No more numbers are given out today, and nobody is waiting.
day-closed = The day has ended.

## Notices

notices-title = Notices
notices-about = At the foot of the lobby screens, in turn, until you take them down.
notices-now = Shown now
notices-none = There are no notices.
notices-new = New notice
notice-text = Text
notice-zones = Shown in
notice-zones-hint = None chosen: everywhere.
notice-post = Post
notice-posted = The notice is on the screens.
notice-remove = Take down
notice-removed = The notice is taken down.
notice-in = Shown in { $zones }
notice-everywhere = On all screens

## Staff and devices

people-title = Staff and devices
people-about = Who may do what in this hall.
people-staff = Staff
people-none = Nobody works here yet.
people-you = (you)
people-not-oneself = Another manager may change this
people-devices = Devices
devices-about = Kiosks, partners' programs and counter devices, each with a key of its own.
devices-none = There are no devices yet.
person = Name
person-state = Account
person-active = Active
person-disabled = Disabled
person-sso = Organisation
person-must-change = No own password yet
person-add = Add a person
person-add-title = Add a person
person-name = Sign-in name
person-name-hint = For signing in; with the organisation's account, the e-mail address.
person-shown = Name
person-added = Added. They sign in with the account they have.
person-enable = Enable
person-enabled = Enabled.
person-disable = Disable
person-disabled-told = Disabled, and signed out.
person-remove-title = Remove { $name }?
person-remove-about = They can no longer work in this hall. What they did stays in the history.
person-removed = Removed.
role = Role
person-sign-out = Sign out everywhere
person-signed-out = All sessions of this person are ended.
person-elsewhere = Works in another hall, too
role-hint = Volunteers pre-check papers; staff call at counters; managers may also change all that is here.
role-of = Role of { $name }
role-changed = The role is changed.
role-volunteer = Volunteer
role-staff = Staff
role-manager = Manager
role-kiosk = Kiosk
role-partner = Partner
role-admin = Administrator
role-other = Other
last-seen = Last seen
password-reset = New password
password-reset-title = A new password for { $name }?
password-reset-about = The old one ends at once, and so do the pages they have open.
password-once-title = One-time password for { $name }
password-once-about = It is shown only now. Hand it over in person; at the first sign-in they choose their own.
secret-for = Sign-in name
secret-noted = I have noted it
device = Device
device-add = Add a device
device-add-title = Add a device
device-name = Name
device-name-hint = Such as "Kiosk at the east door".
device-revoke = Revoke
device-revoke-title = Revoke { $name }?
device-revoke-about = Its key ends at once and for good. To use it again, add it again.
device-revoked = Revoked.
token-once-title = Key of { $name }
token-once-about = It is shown only now. Put it into the device, and nowhere else.
partner-once-about = The address of the partner's own page, with its key. Give it to the partner alone; it is not shown again.

## Search

find-title = Find
find-about = Find people; see the day's tickets.
find = Find
find-label = Number, code, phone or name
find-hint = Such as A058, 7K3M9QXR, 13800001234, Zhang. What you look for stays out of addresses and logs.
find-found = Found
find-found-more = There are more than these { $count }.
find-nothing = Nothing found today or yesterday.
list-title = Tickets of the day
list-on = Date
list-state = State
list-empty = There are no tickets.
ticket-number = Number
ticket-class = Class
ticket-issued = Taken
ticket-history = History
ticket-history-of = History of { $number }
ticket-waiting = Waiting
ticket-called = Called
ticket-serving = At the counter
ticket-parked = Parked
ticket-done = Done
ticket-no-show = No-show
ticket-left = Left
ticket-standby = (standby)
class-walk-in = Walk-in
class-appointment = Booked
class-green = Green
class-returning = Returning

## History of the day

history-title = History
history-about = Who did what and when, newest first.
history-empty = Nothing happened on this day.
history-again = Show as of now
actor-system = System
actor-applicant = Applicant
actor-anyone = Applicant
actor-command = Command line
actor-device = Device
net-local = on this machine
net-private = inside network
net-public = from outside

## Booking rules

booking-title = Booking rules
booking-when = When
booking-how-full = How full
booking-hand = Places by hand
booking-hand-about = Where these are set, starts and places are as they say, whatever the staffing. Elsewhere the hall reckons them.
booking-reserved = Kept for partners
booking-reserved-about = A share of what can be booked, for those whom a partner invites, until it is released.
hand-add = Set places on weekdays
hand-add-date = Set places on a date
hand-about = every { $every } min, { $places ->
    [one] { $places } place
   *[other] { $places } places
  }
reserved-add = Keep on weekdays
reserved-add-date = Keep on a date
full-to-the-brim = To the brim: no margin
full-usual = Usual: with some margin
full-airy = Airy: short waits first
full-very-airy = Very airy: few bookings
full-other = Margin { $z }
field-late-share = Offered late
field-late-before = Offered from … before
field-hand-order = Order of places by hand
field-hand = Places by hand
field-weekdays = On
field-date = Date
field-from = From
field-to = To
field-every = A start every
field-places = Places each
field-hand-services = For these services (none: all)
field-reserved-order = Order of what is kept
field-reserved = Kept for a partner
field-partner = Partner
field-share = Share
field-release = Released … before
hint-late-share = This part of what can be booked is offered only shortly before.
hint-late-before = Hours before the start.
hint-share = Of what can be booked then.
hint-release = Hours before the start: then everybody may book it.
hint-partner = Partners are made under staff and devices.
partner-choose = Choose
unit-hours = h
value-hours = { $hours } h
fault-weekdays = Choose at least one day.
fault-date = Choose a date.
fault-partner = Choose a partner.
effect-places-of-days = Places each day while nobody has booked
effect-day = Day
effect-over-more = and { $count } more
effect-holidays-unknown = The public holidays of { $years } are not all announced yet. Moved working days will be missing until an update; add exceptions where you know them.

## Messages

messages-title = Messages
messages-about = To applicants, by mail or by text message. Whom one is for is not shown.
messages-state = Show
messages-none = None.
messages-none-dead = Everything could be sent.
message-dead = Could not be sent
message-waiting = To be sent
message-sending = Being sent
message-sent = Sent
message-withdrawn = Not needed any more
message-kind = Says
message-channel = By
message-day = About
message-changed = Last
message-reason = Why
message-booked = Confirmation
message-changed-appointment = Change of time
message-cancelled = Cancellation
message-day-before = The day before
message-hour-before = An hour before
message-near = Nearly called
message-missed = Missed time
message-closed = Closed at the booked time
message-by-mail = Mail
message-by-webhook = Text message
message-for-day = { $day }
message-tries = { $count ->
    [one] { $count } try
   *[other] { $count } tries
  }
message-again = Try again
message-again-told = It will be tried again now.
message-reason-address = There is no such address, or its server does not take mail for it.
message-reason-unknown = The connection broke while it was being handed over: it may have arrived. Trying again may send it twice.
message-reason-timeout = The receiver did not answer in time.
message-reason-unreachable = The receiver could not be reached.
message-reason-superseded = Something else is true now.
message-reason-fault = Something went wrong on our side, and was noted.
message-reason-smtp = The mail server did not take it for this address ({ $number }).
message-reason-http = The receiver of text messages did not take it ({ $number }).
message-reason-other = The receiver said { $reason }.

## Privacy

privacy-title = Privacy
privacy-about = What is known of a person, for them to have or to be erased.
privacy-person = A person
privacy-phone = Phone
privacy-email = E-mail
privacy-export = Give out as a file
privacy-erase = Erase …
privacy-who-first = Enter a phone number or an e-mail address first.
privacy-given = Given out: written down { $people } times, with { $appointments } appointments, { $tickets } tickets and { $messages } messages.
privacy-nothing = Nothing is known of this person here.
privacy-erase-title = Erase what is known of this person?
privacy-erase-names = Names, phones and addresses go; messages to them stop, and appointments to come are cancelled.
privacy-erase-journal = What happened stays in the history, which has no names.
privacy-erase-final = This cannot be undone.
privacy-erase-keep = Keep appointments to come, for nobody in particular
privacy-erase-confirm = Erase for good
privacy-erased = Erased: written down { $people } times. Cancelled appointments: { $cancelled }; invitations that are nobody's now: { $invitations }; messages stopped: { $messages }.

## Learned values

learned-title = Learned
learned-about = What plans go by. Each night the hall learns from the days it has had.
learned-since = From { $days ->
    [one] { $days } day
   *[other] { $days } days
  }, last { $when }.
learned-nothing-yet = Nothing yet: until the first night, this is what a new hall believes.
learned-durations = How long services last, in minutes
learned-mean = Mean
learned-prechecked = Prechecked
learned-written = As entered
learned-spread = Spread
learned-share = Of walk-ins
learned-source = From
learned-yes = Days here
learned-no = As entered
learned-guess = An estimate
learned-coming = Who has booked
learned-show-rate = { $percent } % come.
learned-early = They come { $minutes } min before their time, most within { $spread } min of that.
learned-late = They come { $minutes } min after their time, most within { $spread } min of that.
learned-leaving = Who gives up waiting
learned-leaving-share = { $percent } % of those who wait for half an hour are gone by then.
learned-no-show = A counter waits { $minutes } min for somebody who has left without a word.
learned-walk-ins = Walk-ins an hour
learned-walk-ins-none = Nothing yet: a share of the staff is kept for them instead.
learned-weekday = Weekday
