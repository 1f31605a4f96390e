//! How large something is, as people say it.

const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];

/// Bytes as 820 KB, 3.9 MB, 1 GB: counted in 1024s, as the desks' own windows do, and as the client writes them too.
///
/// ```
/// assert_eq!(kairan_core::size::words(4 << 20), "4 MB");
/// ```
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "three digits of it are shown")]
pub fn words(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 999.5 && unit < UNITS.len() - 1 {
        value /= 1024.0;
        unit += 1;
    }
    let digits = usize::from(unit >= 2 && value < 99.95);
    let number = format!("{value:.digits$}");
    format!("{} {}", number.strip_suffix(".0").unwrap_or(&number), UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn sizes_are_said_as_people_say_them() {
        for (bytes, said) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1 KB"),
            (820 << 10, "820 KB"),
            (1_023 << 10, "1 MB"),
            (4_089_446, "3.9 MB"),
            (2 << 20, "2 MB"),
            (1 << 30, "1 GB"),
            (1_610_612_736, "1.5 GB"),
            (u64::MAX, "16777216 TB"),
        ] {
            assert_eq!(words(bytes), said, "{bytes}");
        }
    }
}
