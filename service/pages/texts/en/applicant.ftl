### Booking, taking a number, and the person's own appointment, on a phone.

today = today
tomorrow = tomorrow
again = Once more
network-away = You are offline. What you chose and typed is kept; it goes on when the network is back.
hall-old = The service is not reached. This is from { $time }, and is updated when it is back
people = { $count ->
    [one] 1 person
   *[other] { $count } people
  }

## The hall

what-for = What are you coming for?
state-open = Open
state-closed = Closed
state-suspended = Paused
state-suspended-hint = Please follow our staff. Calls go on afterwards.
state-opens = Opens { $opens }
state-doors-open = Numbers are given out; calls begin { $opens }
wait-now = If you come now: { $range }{"\u00A0"}min
standby-now = Full today. Standby only
full-now = Full today
full-now-bookable = Full today. Can be booked
late-now = You may not be called today
bookable = Book a time
online-no-visit = Online. No visit needed
own-ticket = Your number
own-appointment = Your appointment
own-return = Come back with this number by { $day }
to-services = To the services
to-rules = How we call numbers
invitation-have = I have an invitation code
invitation-label = Invitation code
invitation-use = Use
invitation-used = Invitation { $code } goes with this
invitation-drop = Remove

## A service

takes-about = { $minutes } min at the counter
please-bring = Please bring
please-have = Please have at hand
count-label = How many come together?
walk-in-now = Without booking
wait-if-now = If you come now, you wait
wait-unknown = The wait is not known now.
standby-if-now = Today is full. A number taken now is on standby: you will be called if time frees up.
full-if-now = We cannot serve you before closing today.
late-if-now = If you take a number now, you may not be called today. Not called? Come back another day and scan your code: no new queue.
short-waits = Shortest waits today: { $hours }, as far as can be told now.
quiet-hours = Fewest people today: { $hours }, as on days before.
list-join = {", "}
online-title = This is done online. No visit needed.
online-about = You save the way and the wait.
online-open = Go to the online service
take-now = Take a number now
take-now-wait = Take a number now, { $range }{"\u00A0"}min
take-standby = Take a standby number now
take-closed = Numbers are not given out now.
take-at-door = To take a number now, scan the code at the door of the hall.
book-a-time = Book a time

## A time

time-title = Choose a time
move-title = Choose another time
now-at = now { $when }
reading-times = Looking for free times
soonest = Soonest
take-soonest = Take this
none-free = No times are free in the next four weeks
none-free-hint = You can come without booking, or look again tomorrow.
month-label = { $from } to { $to }
day-free = { $free }
day-full = full
day-closed = closed
day-free-label = { $free } free times
day-full-label = full
day-closed-label = no times
morning = morning
afternoon = afternoon
slot-free = { $free } left
slot-full = full
slot-now = yours
slot-held = kept for you
hour-free = { $free } free
hour-title = From { $hour }
choose-an-hour = Choose an hour to see its times.
choose-a-time = Choose a time
free-to-change = Free to change or cancel
next-details = Next: your details
move-to-this = Move to this time

## Contact details

details-title = Your details
details-name = Name
details-phone = Mobile number
details-phone-hint = We remind you of the time. A mail address alone is fine too.
details-email = Mail address
details-privacy = Used for this appointment only. Nobody sees it on a screen.
details-invited = If the hall has your details with the invitation, you may leave this empty.
details-wrong-name = Please say a name.
details-wrong-reach = Please give a mobile number or a mail address.
details-wrong-phone = This does not look like a phone number. Please check it.
details-wrong-email = This does not look like a mail address. Please check it.
next-review = Next: check
kept-minutes = kept for you until { $until }, { $minutes } min
kept-seconds = kept for you for { $seconds } s
kept-over = no longer kept
kept-standby = your standby number { $number } is given up when this is booked
keep-again = Keep it again

## Summary

review-title = Is this right?
fact-what = Service
fact-when = When
fact-people = People
fact-invited = as given with your invitation
book-now = Book this time

## The appointment

appointment-booked = Booked
appointment-held = Not confirmed yet
appointment-cancelled = Cancelled
appointment-cancelled-closed = The hall has closed for this day, so this appointment is cancelled. We are sorry. Please book another time.
appointment-hall-closed = The hall is closed at this time. We are sorry. Please choose another time.
appointment-missed = This time is over
appointment-checked-in = Checked in
code-hint = Scan or type this at the hall
arrive-hint = Check in at the hall from { $minutes } min before. You get a number there, and are called about your time.
checked-in-elsewhere = Your number is on the slip you were given.
to-my-ticket = Go to my number
i-am-here = I am here: check in
change-time = Change time
late = Running late
add-to-calendar = To calendar
cancel-appointment = Cancel it
keep-appointment = Keep it
cancel-title = Cancel this appointment?
cancel-about = The place goes to somebody else at once.
book-again = Book again
late-title = If you are late
late-grace = Here by { $until }: you are called as booked, as if you had come { $minutes } min before your time.
late-kept = Here by { $until }: your appointment is kept, and you are called in the order of coming.
late-over = After { $until } it is over. Please take a number or book again.
late-leave = Leave it as it is
late-later = Or move it to a later time now:
late-no-later = There is no later free time this week.

## Refusals: the reason, then what the person can do

refused-slot-full = { $count ->
    [0] This time has just been taken. Please choose another day.
   *[other] This time has just been taken. Nearest:
  }
refused-slot-not-offered = This time cannot be booked any more.
refused-hall-full = { $count ->
    [0] We cannot serve you before closing today.
   *[other] We cannot serve you before closing today. Earliest:
  }
refused-hall-closed = Numbers are not given out now.
refused-hall-closed-until = Numbers are not given out now. The hall opens { $when }.
refused-online-only = This is done online. No visit needed.
refused-already-waiting = This phone has number { $number } already.
refused-already-waiting-elsewhere = This phone has a number already. Please open the page where you took it.
refused-not-standby = Your number { $number } is no longer on standby. Please look at it first.
refused-already-booked = You have an appointment already. You can move or cancel it, by the link we sent you.
refused-hold-expired = The time was kept for ten minutes, and that is over.
refused-hold-closed = The hall has closed for this day, so this time is no longer kept for you. We are sorry. Please book another time.
refused-hold-gone = This time is no longer kept for you. Please choose a time again.
refused-hold-limit = Several times are kept for this phone. Please confirm one, or wait ten minutes.
refused-entrance-required = To take a number now, scan the code at the door of the hall.
refused-too-early = You can check in from { $when }.
refused-wrong-day = This is for { $day }.
refused-appointment-missed = This time is over. Please take a number or book again.
refused-appointment-not-found = This appointment is not known here. Please open the link we sent you.
refused-code-not-found = This hall has no such code. Please check it.
refused-code-used = This code has been used.
