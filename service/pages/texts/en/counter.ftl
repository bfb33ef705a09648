### The page of a counter.

## Counters and states

counter-numbered = { $stage } { $counter }
counter-named = { $stage } { $counter }
counter-untitled = Counter { $counter }
counter-stage = Counter
counter-state = { $state ->
    [open] Open
    [paused] Paused
   *[closed] Closed
  }
to-counter = to { $counter }
list-join = {", "}
ticket-class = { $class ->
    [green] Green channel
    [appointment] Booked
    [returning] Returning
   *[walk_in] Walk-in
  }
people = { $count }
minutes = { $minutes } min

## The person

person-title = { $as ->
    [here] Being served
    [called] Called
   *[next] Next in line
  }
fact-service = Service
fact-class = Class
fact-people = People
fact-papers = Pre-check
fact-owed = Still owed
fact-waiting = Waiting
fact-order = Order
fact-then = Then
order-as-of = as if here since { $time }
papers-complete = Papers complete
papers-missing = Missing: { $papers }
papers-not-seen = Not yet
usual = usually { $minutes } min
since-call = since the call
nobody-idle = Nobody is waiting
nobody-about-idle = The next person appears here.
nobody-about-early = People who have already come are in the line.
nobody-about-over = The day has been ended. People who were not served may come back on another day.
nobody-closed = This counter is closed
nobody-about-closed = Open it, and the next person appears here.
nobody-paused = Break
paused-until = until { $time }
paused-since = since { $time }

## Reason for the order

why-title = Why { $number }:
why-credit = { $class ->
    [walk_in] came first, at { $time }; { others-after }
    [appointment] a booking counts { $minutes } min earlier, so as if here since { $time }; { others-after }
    [green] the green channel counts { $minutes } min earlier, so as if here since { $time }; { others-after }
   *[returning] somebody who returns counts { $minutes } min earlier, so as if here since { $time }; { others-after }
  }
why-early = nobody else waits, so the booking is called before its time.
why-standby = nobody else waits, so the first on standby is called.
why-chosen = called by hand ({ $reason }); { $others ->
    [0] nobody was passed.
    [one] one person was passed.
   *[other] { $others } people were passed.
  }
others-after = { $others ->
    [0] nobody else waits.
    [one] one other waits.
   *[other] { $others } others wait.
  }

## The main button

main-open = Open counter
main-resume = Go on
main-of-staff = This counter is for staff
main-next = Call next
main-nobody = Nobody to call
main-suspended = Calls are suspended
main-early = Calls begin at { $time }
main-over = No more calls today
main-finish = Finish
main-advance = Send on
main-finish-next = Finish, call next
main-advance-next = Send on, call next
main-finish-pause = Finish and take a break
main-complete-next = Papers complete, call next
main-complete = Papers complete
main-complete-pause = Papers complete, then a break
main-park-next = Park ({ $count } missing), call next
main-park = Park ({ $count } missing)

## Other acts

act-start = Start
act-recall = Call again
act-no-show = No-show
act-finish = Finish only
act-conditional = Accept, paper missing
act-refer = Refer elsewhere
act-park = Park
act-transfer = Transfer
act-put-back = Put back
act-papers = Papers
act-pause = Pause
act-pause-after = Pause after this
act-close = Close counter
act-close-release = Close, and put them back
act-find = Call another
act-bring-back = Check in, bring back
act-green = Green channel
act-let-through = Send on anyway
act-open-some = Choose services
choice-call = Call to this counter
choice-resume = Bring back into the line

## Dialogs

reason = Reason
no-reason = No reason given
reasons-none = This hall has no reasons to choose from yet, so this cannot be done. Its manager adds them on the page of rules.
missing-legend = What is missing
conditional-title = Accept { $number } with a paper missing
conditional-none = Please mark what is missing. If nothing is, finish instead.
due-on = To be brought by
due-hint = Until then they come back without queueing again.
park-title = Park { $number }
papers-title = Papers of { $number }
papers-about = Mark what is missing. Nothing marked means the papers are complete.
papers-save = Note it
transfer-title = Send { $number } on
transfer-counter = Counter
transfer-hint = Their place in the line stays.
any-counter = The first that is free
pause-title = Take a break
pause-for = For
open-ended = Until I go on
pause-when = When
pause-after = After { $number }
pause-now = Now: { $number } goes back to their place in the line
close-title = Close this counter?
close-about = { $number } is still here and goes back to their place in the line. Another counter can call them.
open-title = Open for some services
open-legend = Services
call-title = Call { $number } out of order
call-about = The reason is noted, and others see that they were passed.
green-title = { $number } into the green channel
green-about = They count as having come { $minutes } minutes earlier.
find = Find
find-title = Call another
find-number = Number
find-hint = As on the slip: A058, or A58
find-none = Nobody with this number waits here.
slip-title = Somebody has come
slip-label = Code or number
slip-hint = A booking, a slip, an invitation; or back with a paper, or after being called.
slip-none = Neither today's numbers nor codes have this. Please look at the slip again.
slip-wrong-state = This number cannot come back: it waits already, or is over.
slip-confirm = Check in
slip-code-not-found = There is no such code. Please look at it again.
slip-code-used = This code has been used already.
slip-wrong-day = This is for { $day }. An appointment can be moved on the page of bookings.
slip-too-early = Check-in opens at { $time }.
slip-appointment-missed = This appointment was missed. Please give a number for today.
slip-appointment-not-found = This appointment is no longer there.
slip-hold-expired = This hold has ended. Please book again, or give a number.
slip-already-waiting = This person has a number already.
invited-title = For which service?
booked-for = { $class } { $time }
said-checked-in = { $number } is in the queue
keys-title = Keys
close = Close
keys-on = Letters work as keys
key-main = Main button
key-rest = Back to the main button
key-find = Search
key-undo = Undo
key-move = Choose in the queue
key-paper = Mark a paper
key-help = All keys

## Results of acts

said-finished = { $number } finished
said-conditional = { $number } accepted; to be brought by { $day }: { $papers }
said-conditional-unnamed = { $number } accepted; the rest is to be brought by { $day }
said-referred = { $number } referred elsewhere
said-finished-called = { $number } finished, { $called } called to { $counter }
said-no-show = { $number } noted as no-show
said-recalled = { $number } called again, { $count } times in all
said-parked = { $number } is parked
said-put-back = { $number } is back at their place in the line
said-sent-on = { $number } goes on to the next counter
said-unserved = { $number } was not served today: the hall has ended its day. Please ask them to come back another day.
said-sent-to = { $number } goes to { $counter }
said-sent-for = { $number } now waits for: { $service }
said-back = { $number } is back in the line
said-green = { $number } is in the green channel
said-papers-complete = Papers of { $number } complete
said-papers-missing = { $count ->
    [one] One paper of { $number } is missing
   *[other] { $count } papers of { $number } are missing
  }
said-undone = Taken back: { $number } is here again
said-undone-open = Taken back: the counter is open, and { $number } is here again
said-not-undone = This can no longer be taken back: { $number } has gone on.
said-nobody = Nobody is waiting.
said-alarm = All staff of the hall have been told. Nothing is shown on the screens.
gone-here = { $number } is no longer at this counter.
gone-stop = { $number } is no longer at this counter. If you still want to pause or close it, press again.
gone-queue = { $number } is no longer in the queue: there is nothing left to do for them here.
taken-elsewhere = { $number } has just been called to { $counter }. Press Enter for { $mine }.
taken-elsewhere-here = { $number } has just been called to { $counter }, so { $mine } comes to you.
taken-elsewhere-none = { $number } has just been called to { $counter }. Nobody else waits.
suspended = The hall is suspended: { $text }

## Papers at the counter

checklist-legend = Papers: mark what is missing
paper-there = there
paper-missing = missing

## The queue

waiting-count = { $count ->
    [0] Nobody waiting
   *[other] { $count } waiting
  }
queue-order = In the order of calls
more-waiting = and { $count } more
standby-count = Standby { $count }
parked-count = Parked { $count }
parked-missing = { $papers } missing
mark-complete = papers complete
mark-missing = papers missing

## Alarms and connection

help = Help
alarm-hall = the hall
alarm-at = Help wanted: { $where }, { $time }
alarm-clear = It is taken care of
printer-low = Kiosk { $name }: paper is running low, { $time }
printer-out = Kiosk { $name }: paper is out, { $time }
printer-away = Kiosk { $name }: its printer does not answer, or cannot print, { $time }
stale = Not connected. This is from { $time }. What you press is sent as soon as the connection is back, and once only.
stale-never = Not connected. The counter is shown as soon as the connection is there.
