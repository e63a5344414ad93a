# Tries: to open the database by the one call that opens files and is seldom thought of
# Expects: ok
# Works without walls: yes
import ctypes
import os
import struct

how = struct.pack("=QQQ", os.O_RDONLY, 0, 0)
handle = ctypes.CDLL(None, use_errno=True).syscall(437, -100, told.database.encode(), how, len(how))
if handle >= 0:
    print("ESCAPED", os.read(handle, 16))
else:
    print(os.strerror(ctypes.get_errno()))
