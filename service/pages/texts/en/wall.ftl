### The rules of the hall on one sheet, to hang on a wall.

wall-title = How we call numbers
wall-from = Made from the settings this hall runs by: what hangs here is what the system does.
print = Print this sheet
hours = Open: { $hours }
hours-join = {"; "}
day-join = {", "}
every-day = every day
rule-order = Who came first is called first, among those the counter serves.
rule-appointment = A booking counts as if you had come { $minutes } minutes before your time. Booked for 10:00, you are called before everybody without booking who came after { $from }.
rule-early = You can check in from { $check } minutes before your time. You are called from { $early } minutes before it, and earlier when a counter is free.
rule-late = Up to { $grace } minutes late, your booking counts in full. Up to { $missed } minutes late it is kept, and you are called in the order of coming. After that it is over.
rule-green = Green channel, for those in urgent need: it counts as if you had come { $minutes } minutes earlier. Please ask our staff.
rule-returning = A paper was missing, or you were not served: come back within { $days } days and scan your slip. It counts as if you had come { $minutes } minutes earlier. No new queue.
rule-back = Called and not there? Come back within { $minutes } minutes and scan your slip: you wait as if you had come { $penalty } minutes ago, or at your old place if that is later.
rule-doors = Numbers are given out from { $minutes } minutes before opening; calls begin with opening.
rule-standby = When today is full, you may wait on standby: you are called when time frees up.
rule-reason = For every call the system keeps why it was that number. You may ask: our staff can show it.
