### Invitations: the section of managers, and the page of a partner.

invite-title = Invitations
invite-about = Lists of people who are invited: each gets a code, with which to book or come.
invite-about-partner = Your lists: each person gets a code, with which to book or come.
invite-list = A list
invite-file = Choose a file
invite-drop = or drop it here
invite-file-hint = CSV or .xlsx, at most 10,000 lines. Columns: name, and if known phone, email, service, prechecked, locale.
invite-chosen = { $name }
invite-choose-first = Choose a file first.
invite-mode = When a line is bad
invite-mode-all = Invite nobody yet
invite-mode-good = Invite the good lines
invite-releases = Places are kept until
invite-releases-hint = Empty: for as long as the booking rules say.
invite-partner = Whose
invite-own = The hall's own
invite-send = Invite
invite-made = { $count ->
    [one] { $count } person is invited.
   *[other] { $count } people are invited.
  }
invite-left-out = { $count ->
    [one] { $count } line was left out:
   *[other] { $count } lines were left out:
  }
invite-bad = { $count ->
    [one] { $count } line does not fit. Nobody is invited yet.
   *[other] { $count } lines do not fit. Nobody is invited yet.
  }
invite-mend = Mend these in the file and choose it again, or
invite-good-anyway = Invite the good lines now
invite-no-list = This file is no list that can be read. Nobody is invited.
invite-bad-lines = Lines that do not fit
invite-bad-more = { $count } more are not shown.
invite-line = Line
invite-column = Column
invite-reason = Reason
invite-column-name = Name
invite-column-phone = Phone
invite-column-email = E-mail
invite-column-service = Service
invite-column-prechecked = Pre-checked
invite-column-locale = Language
invite-why-missing = Nothing stands there.
invite-why-phone = This is no phone number.
invite-why-email = This is no e-mail address.
invite-why-service = The hall has no such service.
invite-why-prechecked = This is neither yes nor no.
invite-why-twice = The same person as in line { $line }.
invite-why-beyond = A cell stands beyond the columns.
invite-why-rounded = The spreadsheet program has rounded the number. Format the column as text.
invite-why-locale = This is no language such as zh-CN or en.
invite-why-name = This is no name of 1 to 200 letters.
invite-why-columns = The columns are not those that are known. A column of names is needed.

## Imports

invite-batches = Lists so far
invite-none = None yet.
invite-made-at = Invited
invite-invited = People
invite-used = Used
invite-taken-back = Taken back
invite-acts = Acts
invite-of = { $act }: { $when }
invite-open = People
invite-csv = Codes (CSV)
invite-sheet = Print QR codes
invite-no-cards = All of these codes have been used or taken back: nothing to print.
invite-people = { $count ->
    [one] { $count } person of this list
   *[other] { $count } people of this list
  }
invite-code = Code
invite-any-service = any
invite-became = What became of it
invite-unused = Not used yet
invite-booked = Booked
invite-checked-in = Here
invite-done = Done
invite-left = Left
invite-missed = Missed
invite-revoked = Taken back
invite-revoke = Take back
invite-revoke-line = Take line { $line } back
invite-revoke-title = Take the invitation of line { $line } back?
invite-revoke-about = The code opens nothing any more, and whom it was for is forgotten. This cannot be undone.
invite-revoked-told = Taken back.
invite-used-meanwhile = This code has been used meanwhile. Cancel the booking instead.

## The page of a partner

invite-key-title = This page needs its key
invite-key-about = Please open it with the whole address that the hall gave you, which ends in #key= and letters. The key stays in this browser.
invite-forget-key = Forget the key
