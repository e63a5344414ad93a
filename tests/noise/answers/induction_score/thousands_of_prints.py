# Noise: thousands of lines before, inside and after, some of them very long.
for line in range(3000):
    print("line", line, "of the things I looked at while I worked this out")


def place_to_read(query, period):
    for step in range(2000):
        print(f"step {step}: query is {query}, period is {period}")
    print("x" * 30_000)
    return query - period + 1


print(*range(5000), sep="\n")
