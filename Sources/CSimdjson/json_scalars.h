// Scalars of a valid JSON text as the values of columns.
#ifndef VARVE_JSON_SCALARS_H
#define VARVE_JSON_SCALARS_H

#include <charconv>
#include <cstdint>
#include <cstring>

#include "json_tokens.h"

namespace varve {

// An integer without point or exponent that fits 64 bits.
inline bool to_int64(const uint8_t *p, int64_t &result) {
    bool negative = *p == '-';
    p += negative;
    uint64_t value = 0;
    int digits = 0;
    for (; uint8_t(*p - '0') < 10; p++, digits++) {
        if (digits >= 18) {
            if (__builtin_mul_overflow(value, uint64_t(10), &value)) return false;
            if (__builtin_add_overflow(value, uint64_t(*p - '0'), &value)) return false;
        } else {
            value = value * 10 + (*p - '0');
        }
    }
    if (!digits || *p == '.' || *p == 'e' || *p == 'E') return false;
    if (value > uint64_t(INT64_MAX) + negative) return false;
    result = negative ? int64_t(0 - value) : int64_t(value);
    return true;
}

inline bool to_double_slowly(const uint8_t *p, double &result) {
    const uint8_t *end = p;
    while (!ends_scalar(*end)) end++;
    auto parsed = std::from_chars(reinterpret_cast<const char *>(p), reinterpret_cast<const char *>(end), result);
    return parsed.ec == std::errc();
}

// A number as the nearest double. Up to 2^53 a power of ten up to 22 divides it exactly (Clinger's fast path).
inline bool to_double(const uint8_t *p, double &result) {
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const uint8_t *begin = p;
    bool negative = *p == '-';
    p += negative;
    uint64_t value = 0;
    int digits = 0, places = 0;
    for (; uint8_t(*p - '0') < 10; p++, digits++) value = value * 10 + (*p - '0');
    if (*p == '.') {
        for (p++; uint8_t(*p - '0') < 10; p++, digits++, places++) value = value * 10 + (*p - '0');
    }
    if (!digits) return false;
    if (digits > 17 || places > 22 || value > uint64_t(1) << 53 || *p == 'e' || *p == 'E') {
        return to_double_slowly(begin, result);
    }
    result = double(value) / powers[places];
    if (negative) result = -result;
    return true;
}

// `count` digits as a number; -1 where one is none.
inline int32_t digits(const uint8_t *p, int count) {
    int32_t value = 0;
    for (int i = 0; i < count; i++) {
        uint8_t digit = uint8_t(p[i] - '0');
        if (digit > 9) return -1;
        value = value * 10 + digit;
    }
    return value;
}

// Days since 1970 of a date that exists in the years 1 to 9999, which are all that readers and RFC 3339 can write
// (Howard Hinnant, days_from_civil).
inline bool to_days(const uint8_t *p, int32_t &days) {
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int32_t year = digits(p, 4), month = digits(p + 5, 2), day = digits(p + 8, 2);
    if (year < 1 || p[4] != '-' || p[7] != '-' || month < 1 || month > 12 || day < 1) return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day > lengths[month - 1] + (month == 2 && leap)) return false;
    int32_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400;
    int32_t of_era = y - era * 400, of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    days = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
    return true;
}

// RFC 3339 with an offset, at most microseconds, no leap second; in UTC it has to stay in the years 1 to 9999.
inline bool to_micros(const uint8_t *p, size_t count, int64_t &micros) {
    int32_t days;
    if (count < 20 || !to_days(p, days) || (p[10] != 'T' && p[10] != ' ')) return false;
    int32_t hour = digits(p + 11, 2), minute = digits(p + 14, 2), second = digits(p + 17, 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false;
    if (p[13] != ':' || p[16] != ':') return false;
    const uint8_t *end = p + count;
    p += 19;
    int32_t fraction = 0;
    if (*p == '.') {
        int length = 0;
        for (p++; p < end && uint8_t(*p - '0') < 10; p++, length++) {
            if (length == 6) return false;
            fraction = fraction * 10 + (*p - '0');
        }
        if (!length) return false;
        for (; length < 6; length++) fraction *= 10;
    }
    int32_t offset = 0;
    if (end - p == 6 && (*p == '+' || *p == '-') && p[3] == ':') {
        int32_t hours = digits(p + 1, 2), minutes = digits(p + 4, 2);
        if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return false;
        offset = (hours * 60 + minutes) * (*p == '-' ? -1 : 1);
    } else if (end - p != 1 || *p != 'Z') {
        return false;
    }
    int64_t seconds = int64_t(days) * 86400 + hour * 3600 + (minute - offset) * 60 + second;
    if (seconds < -62135596800 || seconds > 253402300799) return false;
    micros = seconds * 1000000 + fraction;
    return true;
}

// 36 characters of lower-case hex with hyphens as 16 bytes.
inline bool to_uuid(const uint8_t *p, size_t count, uint8_t *target) {
    if (count != 36) return false;
    for (int i = 0; i < 36; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (p[i] != '-') return false;
            continue;
        }
        uint8_t digit[2];
        for (int k = 0; k < 2; k++) {
            uint8_t c = p[i + k];
            digit[k] = uint8_t(c - '0') < 10 ? c - '0' : uint8_t(c - 'a') < 6 ? c - 'a' + 10 : 255;
        }
        if ((digit[0] | digit[1]) == 255) return false;
        *target++ = uint8_t(digit[0] << 4 | digit[1]);
        i++;
    }
    return true;
}

}  // namespace varve
#endif
