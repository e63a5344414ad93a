# Tries: to draw a picture that needs gigabytes once it is unpacked
# Expects: ok or error or limit
import matplotlib.pyplot as plt

plt.figure(figsize=(2000, 2000), dpi=100)
plt.plot([1, 2])
plt.show()
