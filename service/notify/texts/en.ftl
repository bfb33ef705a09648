### Messages to applicants: the fact first, then the way forward.

date = { $weekday ->
    [1] Mon
    [2] Tue
    [3] Wed
    [4] Thu
    [5] Fri
    [6] Sat
   *[7] Sun
} { $day } { $month ->
    [1] Jan
    [2] Feb
    [3] Mar
    [4] Apr
    [5] May
    [6] Jun
    [7] Jul
    [8] Aug
    [9] Sep
    [10] Oct
    [11] Nov
   *[12] Dec
}

## Subjects of mails

booked-subject = Booked: { date }, { $time }, { $service }
changed-subject = Booking changed: { date }, { $time }, { $service }
cancelled-subject = Booking cancelled: { date }, { $time }, { $service }
day-before-subject = Your booking: { date }, { $time }, { $service }
hour-before-subject = Your booking: { date }, { $time }, { $service }
near-subject = { $number }: { $ahead } ahead of you
missed-subject = Booking over: { date }, { $time }, { $service }
closed-subject = Closed at the time of your booking: { date }, { $time }, { $service }

## Texts, which are all of a text message

booked-text = { $hall }: booked for { date }, { $time }, { $service }. Code { $code }: scan or enter it when you arrive.
changed-text = { $hall }: your booking is now { date }, { $time }, { $service }. The code is still { $code }.
cancelled-text = { $hall }: the booking for { date }, { $time }, { $service } is cancelled. You can book again whenever you need to.
cancelled-by-hall-text = { $hall }: we are sorry, our plans changed and the booking for { date }, { $time }, { $service } is cancelled. Please choose another time.
cancelled-closed-text = { $hall }: we are sorry, the hall has closed for the day and the booking for { date }, { $time }, { $service } is cancelled. Please book another time.
day-before-text = { $hall }: a reminder of your booking on { date }, { $time }, { $service }. Code { $code }.
hour-before-text = { $hall }: a reminder of { date }, { $time }, { $service }. You can check in now with code { $code }.
hour-before-doors-text = { $hall }: a reminder of { date }, { $time }, { $service }. You can check in from { $doors } with code { $code }.
near-text = { $hall }: { $ahead } ahead of { $number }. Please come back to the waiting area and watch for your number.
missed-text = { $hall }: the time of the booking for { date }, { $time }, { $service } has passed. You can still take a number today, or book again.
missed-closed-text = { $hall }: the booking for { date }, { $time }, { $service } is over, and the hall is closed. We are sorry. Please book another time.
missed-over-text = { $hall }: the time of the booking for { date }, { $time }, { $service } has passed, and no more numbers are given out that day. Please book another time.
closed-text = { $hall }: we are sorry, the hall is closed on { date } at { $time }, the time of your booking for { $service }. Please choose another time.

## The rest of a mail

mail-greeting = Hello { $name },
mail-greeting-unnamed = Hello,
mail-count = People: { $count }
mail-papers = Please bring: { $papers }
mail-papers-separator = ;{" "}
mail-appointment = See, change or cancel it: { $link }
mail-other-time = Choose another time: { $link }
mail-ticket = See your place: { $link }
mail-again = Book again: { $link }
mail-automatic = This mail was sent automatically; replies are not read.

## Calendar

calendar-summary = { $service } · { $hall }
calendar-about = Code { $code }.
