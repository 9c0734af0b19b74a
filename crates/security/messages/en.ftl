security-signin = Sign in
security-login = Name
security-password = Password
security-signin-note = Note
security-signin-wrong = The name or the password is not right. Check capitals and try again.
security-signin-locked = Too many tries. Try again in { $minutes } min, or ask your system administrator.
security-signin-forgotten = If you forgot the password, ask your system administrator to set a new one.

security-account = My account
security-account-lead = { $display } (signs in as { $login })
security-posts = Posts
security-no-post = This account holds no post now. Ask your system administrator for one.
security-post-current = in use
security-post-open = open-ended
security-post-until = until before { $day }
security-post-switch = Switch to this post

security-sessions = Where you are signed in
security-session-created = Since
security-session-seen = Last used
security-session-address = Address
security-session-agent = Browser
security-session-end = Sign out
security-session-this = here

security-password-change = Change password
security-password-present = Present password
security-password-wanted = New password
security-password-again = New password again
security-password-rule = At least 10 characters with three of: capitals, small letters, digits, other signs; a phrase of 20 characters may be of any kind.
security-password-differs = The two new passwords differ
security-password-wrong = The present password is not right, or there were too many tries
security-password-done = The password was changed; your other devices were signed out.

security-password-fault-short = At least 10 characters
security-password-fault-long = At most 128 characters
security-password-fault-plain = Use three of: capitals, small letters, digits, other signs
security-password-fault-name = The password must not hold the name
security-password-fault-common = This password is common and easy to guess; choose another

security-not-found-title = There is no such page or record
security-not-found = The address may be wrong, or it is out of your post's reach. Start again from the navigation.
security-not-signed-in-title = Sign in first
security-not-signed-in = You are no longer signed in. Sign in again and repeat what you did.
security-not-allowed-title = Your post does not allow this
security-not-allowed = If your work needs it, ask your system administrator for a post, or switch to another of yours.
security-form-expired-title = The page is out of date
security-form-expired = Nothing was written. Go back, load the page again and send the form once more.
security-form-too-large-title = Too much was sent
security-form-too-large = Nothing was written. Send less; use the import for data in bulk.
security-failed-title = This cannot be done now
security-failed = Nothing was written. Try again later; if it stays so, tell the system administrator the code below.

# Identity services
security-identities = Identity services
security-identities-lead = Once linked, the service signs you in to this account. Names, mail addresses and telephone numbers are not used to find accounts.
security-identity-ways = Other ways to sign in
security-identity-with = Sign in with { $service }
security-identity-scan = Its page lets you sign in by scanning a code.
security-identity-left = You are signed out here.
security-identity-leave = Sign out of { $service } too
security-identity-since = Linked since { $time }.
security-identity-link = Link
security-identity-unlink = Unlink
security-identity-linked = The account is linked.
security-identity-unlinked = The account is no longer linked.
security-identity-go-on = One more step: sign in at the service to finish the link.
security-identity-none = No identity service is set up on this node.
security-identity-unreachable = { $service } does not answer now. Try again later, or sign in with your name and password here.
security-identity-unusable = { $service } is set up wrongly; tell the system administrator. You can still sign in with your name and password here.
security-identity-token = What { $service } said of you could not be verified, so you are not signed in. Try again; if it stays so, tell the system administrator.
security-identity-ended = The sign-in at { $service } was not finished (cancelled or refused).
security-identity-not-under-way = This sign-in has expired, or was not begun in this browser. Begin again.
security-identity-not-linked = This identity is not linked to an account here. Sign in with your name and password first, then link { $service }.
security-identity-barred = The account that this identity is linked to is barred; ask the system administrator.
security-identity-taken = This identity is linked to another account, or the account to another identity of { $service }. Unlink first.
