"""Golden numbers: the SHA-256 of 20,000 numbers printed by ECMAScript's rules, one a line, by an independent program.

    python3 scripts/golden/ecmascript.py

JSONTests.numbersEqualThoseOfAnIndependentProgram expects it. The digits are those of Python's repr, which are shortest and
nearest as ECMA-262 (Number::toString) wants them; point and exponent are placed here.
"""

import decimal
import hashlib
import math
import struct

from draws import philox


def ecmascript(value):
    if value == 0:
        return "0"
    sign, digits, exponent = decimal.Decimal(repr(value)).normalize().as_tuple()
    digits = "".join(map(str, digits))
    k, n = len(digits), exponent + len(digits)  # the names of ECMA-262
    if k <= n <= 21:
        text = digits + "0" * (n - k)
    elif 0 < n <= 21:
        text = digits[:n] + "." + digits[n:]
    elif -6 < n <= 0:
        text = "0." + "0" * -n + digits
    else:
        text = digits[0] + ("." + digits[1:] if k > 1 else "") + f"e{n - 1:+d}"
    return ("-" if sign else "") + text


def main():
    lines = []
    for index in range(20_000):
        x, y, z, w = philox([index, 0, 0, 0], [21, 0])
        if index % 3 == 0:
            value = struct.unpack("<d", struct.pack("<Q", x << 32 | y))[0]
            value = value if math.isfinite(value) else 0.0
        elif index % 3 == 1:
            value = ((z >> 8) + 1) / 2**24
        else:
            value = z * (1e-16 if w % 2 == 0 else 1e12)
        lines.append(ecmascript(value) + "\n")
    print(hashlib.sha256("".join(lines).encode()).hexdigest())


if __name__ == "__main__":
    main()
