# Tries: to become somebody else
# Expects: ok
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
for user in (0, 1, 65534, 1000):
    for become in (os.setuid, os.setgid, os.seteuid, lambda user: os.setgroups([user])):
        try:
            before = (os.getuid(), os.getgid())
            become(user)
            if user not in before:
                print("ESCAPED", os.getuid(), os.getgid(), os.getgroups())
        except OSError as refused:
            print(refused.strerror)
