### The person's own ticket on a phone.

ticket-title = Your number
unknown-title = This number is not known
unknown-about = Please open the whole link you were given, or scan the slip again.
unreported-title = Your number is valid. The kiosk registers it when it is back online
unreported-about = The network was away when you took it. Your place is by the time you took it. Please watch the screens in the hall; this page updates by itself.
to-halls = To the halls
live-now = Live
stale = You are offline. This is from { $time }. Your number is still valid
counter = Counter
minutes = min
list-join = {", "}
suspended = Service is paused. Please follow our staff.
suspended-until = Expected to go on at { $time }
suspended-kept = Your number is valid and your place is kept. When service goes on, this page tells you your turn.
title-suspended = { $number }, service paused

## Waiting

title-ahead = { $number }, { $ahead } ahead
taken-at = Taken at { $time }. You may wait nearby.
ahead = Ahead of you
ahead-people = { $count ->
    [one] person
   *[other] people
  }
wait-likely = Wait, most likely
wait-not-known = not known now
wait-late = perhaps not today
expect-before = Expect your call between
expect-middle = and
expect-by = Expect your call before
expect-by-after = . We update this when it changes and alert you when you are next.
expect-after = . We update this when it changes and alert you when you are next.
late-from = Expect your call after { $time }.
late-about = Numbers are called until { $time } today. Not called by then? Come back within { $days } days and scan this code: you are called as if you had come { $minutes } minutes earlier.
late-last-day = Numbers are called until { $time } today. After that this hall no longer has this service.
wait-news = Your wait is now { $from } to { $to } minutes
calls-begin = Calls begin at { $time }.
being-called = Being called
missing = Missing: { $papers }
sound-off = Sound is off
sound-on = Turn on
more-time = I need more time
show-code = Show my code
leave = Leave the queue

## Next, and called

next-title = You are next
next-about = Please sit down near the counters
next-hint = When you are called, the counter is shown here, and the phone rings and vibrates.
take-out = Please have in hand
not-here-yet = I am not there yet
called = { $number }, please go to { $place }
called-title = It is your turn
called-again = Called again
please-go-to = Please go to
serving-title = You are at { $place }

## Later

more-title = How much more time?
more-about = Others are called first meanwhile. Your place is kept.
more-choice = { $minutes } min, until { $time }
put-off-title = Not before { $time }
put-off-about = Your place is kept. From then on you are called as soon as it is your turn.
call-me-now = I am here: call me any time
leave-title = Leave the queue?
stay = Stay
close = Close
leave-about = { $number } is given up, and your place with it.
code-title = Your code
code-about = Scan or type it at the kiosk or at a counter.
refused-entrance = To come back with the phone, scan the code at the door of the hall first.

## Standby, parked, passed over

title-standby = { $number }, standby
standby-title = Standby
standby-about = Today is full. You are on standby.
standby-place = Today is full. You are number { $place } on standby.
standby-hint = You are called if time frees up. You can also book another day.
book-instead = Book another day
title-parked = { $number }, put aside
parked-title = Put aside
parked-about = Fetch what is missing and scan your code, or press the button below: no new queue.
i-am-back = I am back
title-passed = { $number } was passed
passed-title = Called and passed
passed-back = { $number } was called and has been passed. Back by { $time }? Scan your slip or press the button below.
passed-over = { $number } was called and has been passed. Please take another number.
take-another = Take another number

## End of the visit

left-title = You left the queue
left-about = Thank you for telling us: others are called sooner.
unserved-title = Not served that day
unserved-about = The hall has closed. Come back by { $day } and scan this code: you are called as if you had come { $minutes } minutes earlier.
done-title = Done
done-at = at { $time }
referred-title = Referred
conditional-title = { $count ->
    [0] Accepted, with something to follow
    [one] Accepted, one thing missing
   *[other] Accepted, { $count } things missing
  }
conditional-about = { $count ->
    [0] You were told at the counter what is missing. Bring it and scan this code: no new queue.
    [one] Bring it and scan this code: no new queue.
   *[other] Bring them and scan this code: no new queue.
  }
conditional-until = Please bring what is missing by { $day }
returned-at = You came back with this code on { $day } at { $time }. Your new number is the one that counts.
return-last-day = The hall has this service until the end of today only.
return-gone = This hall no longer has this service, so you cannot come back with this code. Please ask our staff what to do instead.
return-online = This is online now. No visit needed.
return-online-go = Go there
return-over = This code was good for coming back until { $day }. Please take another number.

## Rating

rate-title = How was your visit?
rate-why = What was it about?
rate-hint = Without your name.
rate-send = Send
rate-first = Please choose an answer first.
grade-5 = Very good
grade-4 = Good
grade-3 = All right
grade-2 = Not good
grade-1 = Bad
rated-title = Thank you
rated-about = Your answer was noted, without your name.
