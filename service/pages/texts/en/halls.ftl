### The list of halls.

halls-title = Halls
halls-about = What each hall offers, whether it is open, and its lobby screens.
halls-nav =
    .aria-label = Page
halls-docs = API reference
halls-more = More halls
halls-loading = Loading
halls-none = There are no halls yet.
halls-unreached = The list of halls cannot be read just now. Trying again.

## A hall

hall-open = Open
hall-closed = Closed
hall-closed-until = Closed · opens { $time }
hall-local-time = { $zone }, { $time } there
hall-come = Book or take a number
hall-screens = Lobby screens
hall-all-zones = Whole hall
hall-staff = For staff
hall-manage = Manage the hall
hall-unreached = The counters cannot be read just now. Trying again.
service-online = Online. No visit needed
