//! SPDX licence expressions (SPDX 2.3, annex D): `MIT OR (Apache-2.0 WITH LLVM-exception AND ISC)`.
//!
//! It stays true that an expression which cannot be read is refused, never passed over.

/// Whether the expression can be met with allowed licences alone.
pub fn allowed(expression: &str, allowed: &[String]) -> Result<bool, String> {
    // Before SPDX expressions, crates wrote `MIT/Apache-2.0` and meant OR.
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let tokens = spaced.split_whitespace().collect::<Vec<_>>();
    let mut reader = Reader { tokens: &tokens, at: 0, allowed };
    let answer = reader.any_of()?;
    match reader.tokens.get(reader.at) {
        None => Ok(answer),
        Some(token) => Err(format!("`{token}` is unexpected in `{expression}`")),
    }
}

struct Reader<'a> {
    tokens: &'a [&'a str],
    at: usize,
    allowed: &'a [String],
}

impl Reader<'_> {
    /// `a OR b`: binds weakest.
    fn any_of(&mut self) -> Result<bool, String> {
        let mut answer = self.all_of()?;
        while self.take("OR") {
            answer |= self.all_of()?;
        }
        Ok(answer)
    }

    /// `a AND b`.
    fn all_of(&mut self) -> Result<bool, String> {
        let mut answer = self.one()?;
        while self.take("AND") {
            answer &= self.one()?;
        }
        Ok(answer)
    }

    /// A licence, with its exception if it has one, or something in brackets.
    fn one(&mut self) -> Result<bool, String> {
        if self.take("(") {
            let answer = self.any_of()?;
            return if self.take(")") { Ok(answer) } else { Err("a bracket is not closed".into()) };
        }
        let licence = *self.tokens.get(self.at).ok_or("it ends too early")?;
        if matches!(licence, "OR" | "AND" | "WITH" | ")") {
            return Err(format!("`{licence}` stands where a licence is expected"));
        }
        self.at += 1;
        if self.take("WITH") {
            let exception = *self.tokens.get(self.at).ok_or("it ends after WITH")?;
            self.at += 1;
            let whole = format!("{licence} WITH {exception}");
            // An exception only ever permits more than its licence.
            return Ok(self.is_listed(&whole) || self.is_listed(licence));
        }
        Ok(self.is_listed(licence))
    }

    fn take(&mut self, token: &str) -> bool {
        let is_next = self.tokens.get(self.at) == Some(&token);
        self.at += usize::from(is_next);
        is_next
    }

    fn is_listed(&self, licence: &str) -> bool {
        self.allowed.iter().any(|listed| listed == licence)
    }
}

#[cfg(test)]
mod tests {
    fn check(expression: &str, expect: Result<bool, ()>) {
        let list = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
        assert_eq!(super::allowed(expression, &list).map_err(|_| ()), expect, "{expression}");
    }

    #[test]
    fn one_allowed_choice_is_enough() {
        check("MIT", Ok(true));
        check("GPL-3.0 OR MIT", Ok(true));
        check("MIT/Apache-2.0", Ok(true));
        check("Apache-2.0 WITH LLVM-exception OR GPL-2.0", Ok(true));
    }

    #[test]
    fn every_part_must_be_allowed() {
        check("GPL-3.0", Ok(false));
        check("MIT AND GPL-3.0", Ok(false));
        check("(MIT OR GPL-3.0) AND ISC", Ok(true));
        check("MIT AND ISC OR GPL-3.0", Ok(true));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        check("", Err(()));
        check("(MIT", Err(()));
        check("MIT GPL-3.0", Err(()));
        check("MIT OR", Err(()));
    }
}
