cli-failure = Not done: { $sentence } ({ $code })
cli-stopping = Stopping; what was committed stays. Press Ctrl-C again to leave at once.
cli-stopped = Stopped as asked; what was committed stays, and the same command goes on from there.

cli-serving = Serving at { $address } (Ctrl-C stops)
cli-served = Stopped.
cli-not-https = Note: this serves unencrypted to other machines. Put an https proxy in front and add --https.
cli-port-taken = Cannot listen on { $place }: { $cause }. Choose another port with --port.
cli-first-account = First account (the password is shown this once; change it after signing in)
    user: { $user }
    password: { $password }

cli-progress = { $step } { $done } / { $total } ({ $rate } rows/s, about { $left } s left)
cli-progress-open = { $step } { $done } ({ $rate } rows/s)
cli-step-read = reading
cli-step-check = checking
cli-step-compare = comparing
cli-step-write = committing
cli-step-export = exporting
cli-step-verify = verifying

cli-read = Read { $file }: { $rows } rows ({ $reading })
cli-reading-kind = kind
cli-reading-encoding = encoding
cli-reading-delimiter = delimiter
cli-reading-sheet = sheet
cli-reading-header-row = header row
cli-columns = Columns recognised
cli-ignored = Columns not used: { $headers }
cli-plan = Plan
cli-class-new = new
cli-class-changed = changed
cli-class-unchanged = unchanged
cli-class-review = to review
cli-class-refused = refused
cli-class-missing = missing
cli-effective = effective
cli-complete-for = complete list of
cli-changed-fields = Fields that change
cli-missing = Not in the list; proposed
cli-causes = Causes
cli-notices = Worth a look
cli-cause = { "  " }{ $rows } rows · { $message } ({ $code })
cli-cause-example = { "      " }e.g. row { $row }: { $about }
cli-cause-repair = { "      " }what to do: { $repair }
cli-dry-run = This was a plan; nothing was written. Leave out --dry-run to commit.
cli-nothing-written = There was nothing to write.
cli-all-resumed = All of it had been committed before ({ $count } change sets).
cli-written = Committed: import { $import }, commits { $first } to { $last }, { $opened } versions written, { $closed } closed.
cli-resumed = { $count } change sets had been committed before the last stop.
cli-refused-file = Refused rows with their reasons: { $path }

cli-exported = { $count } records exported.

cli-verified = { $commits } commits, { $versions } versions and { $entries } audit entries verified.
cli-head = Head of the ledger: { $head }
cli-whole = All of it agrees.
cli-findings = { $count } findings. Stop writing, keep everything as it is, and restore from a backup:
cli-finding-nothing = none
cli-finding-gap = commit numbers have a gap: { $expected } expected, { $found } found
cli-finding-hash = commit { $number } does not have the hash that follows from what it says
cli-finding-parent = commit { $number } does not follow on the one before
cli-finding-time = commit { $number } was made before the one ahead of it
cli-finding-root = rows of commit { $number } were altered
cli-finding-count = commit { $number } has other rows than it says: { $said } said, { $found } found
cli-finding-orphans = { $versions } versions of { $dataset } belong to no commit
cli-finding-head = the head is not the last commit
cli-finding-overlap = record { $record } of { $dataset } has versions that overlap in effective time
cli-finding-audit = the audit log is broken or was altered from entry { $number } on

cli-problem = { $file }:{ $line }: { $what }; { $instead }
cli-problems = { $count } mistakes in the definitions.
cli-definitions-right = The definitions have no mistakes: { $datasets } datasets, { $checks } checks, { $sets } code sets.

cli-user-login = User
cli-user-name = Name
cli-user-state = State
cli-user-grants = Posts
cli-user-state-active = active
cli-user-state-disabled = disabled
cli-user-everything = the whole node
cli-user-added = Account { $name } made.
cli-user-no-post = { $name } holds no post yet; give one with weihe user grant.
cli-user-password = { $name } has a new password and was signed out everywhere.
cli-user-generated = Password (shown this once): { $password }
cli-user-granted = { $name } holds the post.
cli-user-revoked = Grant { $name } taken back.
cli-user-disabled = { $name } is barred and was signed out everywhere.
cli-user-enabled = { $name } may sign in again.
cli-no-password = There was no password on standard input
cli-demo-townships = Townships
cli-demo-villages = Villages
cli-demo-boundaries = Outlines
cli-demo-institutions = Institutions
cli-demo-attached = Teaching sites, attached classes, campuses
cli-demo-closings = Closings
cli-demo-headlines = Yearly headlines
cli-demo-population = Population
