### The operations page.

ops-title = Operations
ops-skip = To the chosen hall
ops-sums =
    .aria-label = All halls
ops-list =
    .aria-label = Halls, worst first
ops-live = Live, as of { $time }
ops-silent = Not connected
ops-stale = This page is not updating. It shows { $time }
ops-none = No hall is yours to watch yet. A manager watches the halls they manage.
ops-choose = Choose a hall to see its day.
ops-reading = Reading the day of this hall

## Summary figures

sum-waiting = Waiting
sum-waiting-of = in { $open } open { $open ->
    [one] hall
   *[other] halls
} of { $halls }
sum-longest = Longest wait
sum-longest-limit = limit { $limit } min
sum-longest-of = limit { $limit }, { $hall }
sum-counters = Counters open
sum-counters-of = { $planned } planned
sum-promises = Promises held
sum-promises-of = aim { $from }–{ $to }%
sum-standby = Standby
sum-standby-of = in { $halls } { $halls ->
    [one] hall
   *[other] halls
}
sum-screens = Screens live
sum-screens-all = all of those with a key
sum-screens-none = none has a key yet
sum-screens-gone = { $hall } { $screen }, gone { $minutes } min

## The list

search = Look for a hall
search-none = No hall of this name.
column-hall = Hall, worst first
column-waiting = Waiting
column-longest = Longest
column-counters = Counters
column-promises = Promises
column-screens = Screens
column-standby = Standby
minutes = { $minutes } min
hours = { $hours } h
percent = { $share }%
of = { $some } / { $of }
of-unknown = ? / { $of }
closed = Closed
suspended = Suspended

## The day of a hall

report = Report
open-until = Open until { $time }
open-now = Open
opens-at = Opens { $when }
day-closed = The hall is closed all day.
manage-hall = Manage the hall
show-screen = Lobby screen
alerts = What needs a look
alert-now = Now
alert-none = Nothing is past its limit.
alert-suspended = The hall is suspended: no tickets, no calls
alert-wait = Somebody has waited { $minutes } min; the limit is { $limit }
alert-counters = { $missing ->
    [one] One counter short
   *[other] { $missing } counters short
}: { $open } open, { $planned } planned
alert-screen = { $screen } has shown nothing since { $time }
alert-promises = { $held } of { $scored } waits were as promised
alert-wait-ahead = From then on waits may pass { $limit } min
alert-intake = From then on a walk-in will hardly be called before closing
alert-overtime = Not all may be served by closing: { $from }–{ $to } counter minutes more
chart-arrivals = People per half hour
chart-waiting = People waiting
chart-capacity = Capacity, counters open
chart-plan = As planned
chart-fan = 8 days in 10 stay in this band
chart-now = { $time } now
chart-described = Arrivals against capacity, and people waiting, { $from } to { $to }
key-booked = Booked
key-walk-ins = Walk-in
key-to-come = Paler: still expected
as-table = As a table
half-from = From
half-booked = Booked
half-booked-to-come = expected
half-walk-ins = Walk-in
half-walk-ins-to-come = expected
half-capacity = Capacity
half-planned = Planned
half-waiting = Waiting

## The report

report-of = Report
report-leave = Back to today
report-from = From
report-to = To
report-show = Show
report-dates = At most 62 days, the first date first.
report-none = The hall had no days with us then.
report-issued = Tickets
report-served = Served
report-no-show = No-show
report-left = Left
report-waits = Wait, half and 9 in 10
report-lasted = At the counter, half and 9 in 10
report-spread = { $p50 } and { $p90 } min
report-booked = Booked
report-in-time = Called within 10 min
report-missed = Missed
report-promises = Promises held
report-rating = Rated
report-rating-of = { $mean } of 5, { $number } times
report-exceptions = Out of order
report-overtime = Work after closing
report-counters = Counters open
report-online = Sent online
report-days = By day
report-hours = By hour of the day
report-column-day = Day
report-column-issued = Tickets
report-column-served = Served
report-column-no-show = No-show
report-column-left = Left
report-column-p50 = Wait, half, min
report-column-p90 = Wait, 9 in 10, min
report-column-in-time = In time
report-column-promises = Promises
report-column-hour = Hour
report-column-booked = Booked
report-column-walk-ins = Walk-in
report-column-calls = Calls
report-column-most = Most waiting
report-column-open = Counter hours
