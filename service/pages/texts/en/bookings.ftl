### Bookings: the section of managers, and the page of staff who answer the phone.

bookings-title = Bookings
bookings-about = For callers and people at the desk: find, book, move, cancel, check in.
bookings-desk = Staff have a page of their own for this
bookings-stale = Not connected. This is from { $time }, and is renewed as soon as the hall is reached
bookings-today = Today
bookings-tomorrow = Tomorrow

## Search

bookings-find = Find
bookings-find-label = Find somebody
bookings-find-hint = Phone, name, booking code, or today's number.
bookings-found = Found
bookings-found-more = There are more than these.
bookings-more = Show more
bookings-found-none = Nothing has this phone, name, code or number. Please ask how else it may have been booked.
bookings-found-ticket = Number { $number }, { $day }: { $service }

## Booking and moving

bookings-book = Book
bookings-book-at = Book { $day } { $time }
bookings-move = Move
bookings-move-title = Move an appointment
bookings-move-to = Move to { $day } { $time }
bookings-moving = { $code } · { $service } · now { $day } { $time }. The present place is kept until the other is taken.
bookings-not-move = Leave it as it is
bookings-no-service = This hall has no service that can be booked.
bookings-service = Service
bookings-count = People
bookings-count-head = People
bookings-people = { $count ->
    [one] { $count } person
   *[other] { $count } people
  }
bookings-soonest = Soonest
bookings-nothing-free = Nothing is free as far ahead as people can book.
bookings-month = Days that can be booked
bookings-day-left = { $left } left
bookings-day-full = full
bookings-day-closed = closed
bookings-day-named = { $day }: { $state }
bookings-times-of = Times of { $day }
bookings-before-noon = morning
bookings-after-noon = afternoon
bookings-places-left = { $left } left
bookings-time-full = full
bookings-choose-first = Choose a time first.
bookings-name = Name
bookings-phone = Phone
bookings-phone-hint = It is found by this.
bookings-channel = By
bookings-channel-web = Web
bookings-channel-qr = QR code
bookings-channel-kiosk = Kiosk
bookings-channel-staff = Desk
bookings-channel-hotline = Hotline
bookings-made = Booked. The code:
bookings-moved-told = Moved to { $day } { $time }
bookings-made-told = Booked: { $day } { $time }
bookings-moved = Moved. The code stays:
bookings-its-code = The code:
bookings-code-spelt = Code { $code }
bookings-read-out = Please have this code ready. It has no letters I, L, O or U.
bookings-print = Print
bookings-card-away = Done

## A day

bookings-day = Appointments of a day
bookings-day-on = Date
bookings-day-before = Day before
bookings-day-after = Day after
bookings-day-sum = { $count ->
    [one] { $count } appointment
   *[other] { $count } appointments
  }
bookings-day-none = No appointments.
bookings-day-over = { $count ->
    [one] { $count } appointment is more than this day takes. It stands; more counters, or a move, make room.
   *[other] { $count } appointments are more than this day takes. They stand; more counters, or a move, make room.
  }
bookings-time = Time
bookings-code = Code
bookings-state = State
bookings-acts = Acts
bookings-held = On hold
bookings-booked = Booked
bookings-checked-in = Checked in
bookings-cancelled = Cancelled
bookings-expired = Hold ended
bookings-missed = Missed
bookings-over = Over capacity
bookings-open = Open
bookings-open-one = Open { $time }, { $code }
bookings-one = Appointment { $day } { $time }
bookings-check-in = Check in
bookings-show-code = Code, to read out or print
bookings-cancel = Cancel it
bookings-cancel-title = Cancel { $day } { $time }?
bookings-cancel-about = The place is free for others at once, and the person is told if there is an e-mail address. To another time: move it instead.
bookings-cancelled-told = Cancelled. The place is free.
bookings-checked-in-as = Checked in: number { $number }.

## Refusals: the reason, then what the person can do

bookings-not-made = Not booked for { $who }: { $day } { $time }.
bookings-just-taken = That time has just been taken.
bookings-refused-slot-full = { $count ->
    [0] { $time } has just been taken, and the days after are full. Please choose another day.
    [one] { $time } has just been taken. Nearest:
   *[other] { $time } has just been taken. Nearest:
  }
bookings-refused-slot-not-offered = { $time } cannot be booked. Please choose one of the times shown.
bookings-refused-already-booked = This person has as many appointments as one person may, or has this time already. Find them by phone and move one.
bookings-refused-hold-limit = Too much is on hold here. Confirm or end a hold first.
bookings-refused-hold-expired = The hold has ended. Please choose a time again.
bookings-refused-wrong-state = This appointment has changed meanwhile. The list shows how it is now.
bookings-refused-appointment-not-found = This appointment is no longer there.
bookings-refused-too-early = Check-in opens at { $time }.
bookings-refused-wrong-day = This is for another day. An appointment can be moved to today.
bookings-refused-appointment-missed = This appointment was missed. Please give a number for today.
bookings-refused-code-used = This code has been used already.
bookings-refused-code-not-found = There is no such code here. Please look at it again.
bookings-refused-body-invalid = Something does not fit: please look at the name and the phone again.
