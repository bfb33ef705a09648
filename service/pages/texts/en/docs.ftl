### The API reference.

docs-title = API reference
docs-about = All calls, drawn from the service's own OpenAPI description.
docs-skip = Skip to the reference
docs-page =
    .aria-label = Page
docs-halls = Halls
docs-contents =
    .aria-label = Contents
docs-search = Search
docs-search-hint =
    .placeholder = path, word or problem code
docs-found = { $count } found
docs-found-none = Nothing found. Try a shorter word.
docs-reading = Reading
docs-unread = The description could not be read just now. Load this page again in a moment.
docs-deprecated = deprecated
docs-who = Who
docs-required = required
docs-parameters = Parameters
docs-body = Body
docs-answers = Answers
docs-headers = Headers:
docs-problems = Problems
docs-schemas = Schemas

## Groups of calls

tag-halls = Halls
tag-document = Hall document
tag-appointments = Appointments
tag-tickets = Tickets
tag-counters = Counters
tag-ops = Operations
tag-hall = A hall's day
tag-staff = Staff and devices
tag-invitations = Invitations
tag-kiosks = Kiosks
tag-messages = Messages
tag-people = Personal data
tag-session = Signing in
