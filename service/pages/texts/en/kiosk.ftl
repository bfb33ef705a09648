### The kiosk. Both languages are shown at once.

## Start

start-booked = Booked? Scan to check in
start-also = Also to come back with a paper, or after a pause
start-type = Type the code
start-film = Scan with the camera
start-no-check-in = Check-in works when the network is back. In a hurry? Please ask our staff
start-walk-in = No booking? Choose a service
start-invited = Please choose what you come for
start-promise = One press is one number, even when the network is slow.
people = People
people-fewer = One fewer
people-more = One more
service-waiting = { $count } waiting
service-count = { $most } people at most on one number
service-online = Done on your phone, no queue today
service-online-qr = Scan to do this online
wait = Wait
wait-unknown = Not known now
wait-standby = Standby only today
wait-full = Full today
wait-late = Perhaps not today
minutes = min

## Typing or scanning a code

code-title = Please type the 8 characters
code-about = They are in your message, your mail or on your slip
code-label = Code of 8 characters
code-send = Check in
code-back = Delete one
camera-title = Please hold the QR code before the camera
leave = Back

## Checking

checking-title = Checking. Please stay here
checking-about = You will not get two numbers
checking-slow = The network is slow. You will not get two numbers

## A ticket

ticket-title = Your number
ticket-resumed = Welcome back. No new queue
ticket-ahead = { $count } ahead
ticket-standby = Today is full. You are on standby and will be called if time frees up
ticket-offline = The network is away. Your number is valid, and keeps its place
ticket-stage = First: { $stage }
ticket-go = Please wait in the hall. The screens and the speaker call your number
heard-number = Your number is { $number }, { $service }. { $about }
heard-wait = { $count } ahead. Wait: { $from } to { $to } minutes
ticket-qr = Scan to watch your place
paper-photo = Your slip was not printed. Please note the number, or take a photo
paper-told = Your slip was not printed. Please note the number, or take a photo. Our staff have been told
paper-here = Please take your slip
print-again = Print again
no-slip = No slip
done = Done
countdown = Back to the start in { $seconds } s
slip-people = { $count } people
slip-taken = Taken { $time }
slip-offline = Taken while the network was away. It is valid
slip-code = Your code, to come back with

## Refusals: the reason, then what the person can do

back-to-start = Back to the start
refused-cut = The network is away. Check‑in is not possible now
refused-cut-about = Your booking stays valid. Please ask our staff, or scan again in a while
refused-used-up = The network is away, and all numbers kept for that are given out
refused-used-up-about = Please ask our staff, or press again in a while
refused-camera = The camera cannot be used just now
refused-camera-about = Please use the scanner, or type the 8-character code
refused-hall-closed = No numbers are given out now
refused-hall-closed-about = From { $when } on
refused-hall-closed-none-about = The next opening is on the notice board
refused-hall-full = We cannot serve you before closing today
refused-hall-full-about = Earliest: { $slot }
refused-hall-full-none-about = Please book another day on your phone, or ask our staff
refused-hall-suspended = The hall is suspended
refused-hall-suspended-about = Numbers are given out afterwards. Those already taken stay valid
refused-online-only = This is done online. No visit needed
refused-online-only-about = Scan to do it on your phone
refused-code-used = This code has been used
refused-code-used-about = If you do not have your number any more, our staff can look it up
refused-code-not-found = There is no such code
refused-code-not-found-about = Please compare it with your message or slip, and type it again
refused-too-early = It is too early to check in
refused-too-early-about = From { $when } on
refused-wrong-day = This code is not for today
refused-wrong-day-about = It is for { $day }
refused-appointment-missed = The time of this booking is over
refused-appointment-missed-about = Please take a number, or book again on your phone
refused-appointment-not-found = There is no such booking
refused-appointment-not-found-about = Please compare it with your message, or ask our staff
refused-hold-expired = This place was not confirmed in time
refused-hold-expired-about = Please take a number, or book again on your phone
refused-wrong-state = This code cannot check in now
refused-wrong-state-about = Please ask our staff
refused-service-not-found = This service is not offered today
refused-service-not-found-about = Please choose another, or ask our staff
refused-busy = Many take a number just now. You have none yet
refused-busy-about = Please press once more
refused-storage-unavailable = No numbers just now. You have none yet
refused-storage-unavailable-about = Please press once more
refused-rate-limited = You have no number yet
refused-rate-limited-about = Please press again in a while
refused-other = This was not done
refused-other-about = Please try once more, or ask our staff

## The buttons at the foot

foot-larger = Larger text
foot-contrast = High contrast
foot-lower = Lower buttons
foot-help = Call for help
foot-helped = Told. Please wait
foot-unhelped = Not reached. Please ask our staff

## State and settings

band-cut = The network is away. Numbers given now are valid, and registered later
band-trouble = For our staff: { $numbers } could not be passed on
link-live = Connected
link-connecting = Connecting
link-cut = Cut off
settings = Settings
settings-title = Settings of this kiosk
settings-slip = Slip
settings-none = On the screen only
settings-58 = This browser's printer, 58 mm
settings-80 = This browser's printer, 80 mm
settings-network = Network printer
settings-paper-in = Paper is in again
settings-stock = { $left } numbers in stock, { $untold } to be passed on

## Setup

setup-connecting = Connecting to the hall
setup-about-connecting = One moment
setup-no-key = This kiosk is not set up yet
setup-about-no-key = The hall's manager adds a kiosk under "Staff and devices" and opens this page once with its key: #key= and the key behind the address
setup-key-over = The key of this kiosk is over
setup-about-key-over = The hall's manager adds another key for it and opens this page once with it
setup-other-key = This key is not of a kiosk of this hall
setup-about-other-key = The hall's manager adds a key with the role kiosk and opens this page once with it
