//! Time-based one-time passwords (RFC 6238): SHA-1, six digits, 30 seconds, as every authenticator takes them.

use maud::{Markup, html};
use totp_rs::{Algorithm, Builder, Totp};

/// Bytes of a shared secret (RFC 4226 §4 R6: 160 bits).
pub(crate) const SECRET: usize = 20;

fn of(secret: &[u8]) -> Option<Totp> {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(30)
        .with_secret(secret.to_vec())
        .build()
        .ok()
}

/// The time step whose code this is, at most one before or after now.
pub(crate) fn step_of(secret: &[u8], code: &str, now: kernel::Millis) -> Option<i64> {
    let digits = code.len() == 6 && code.bytes().all(|digit| digit.is_ascii_digit());
    let seconds = u64::try_from(now.get().div_euclid(1000)).ok()?;
    let step = digits.then(|| of(secret)?.check(code, seconds)).flatten()?;
    i64::try_from(step).ok()
}

/// The secret in base 32, in groups of four, to be typed.
pub(crate) fn spelled(secret: &[u8]) -> String {
    let letters: Vec<char> = base32(secret).chars().collect();
    let groups: Vec<String> = letters
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    groups.join(" ")
}

/// Base 32 (RFC 4648) without padding.
fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            let place = usize::try_from((held >> bits) & 31).unwrap_or_default();
            text.extend(LETTERS.get(place).map(|letter| char::from(*letter)));
        }
    }
    if bits > 0 {
        let place = usize::try_from((held << (5 - bits)) & 31).unwrap_or_default();
        text.extend(LETTERS.get(place).map(|letter| char::from(*letter)));
    }
    text
}

/// The address that an authenticator reads from the picture.
pub(crate) fn address(secret: &[u8], issuer: &str, login: &str) -> String {
    let escaped = |text: &str| {
        text.bytes()
            .map(|byte| match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                    char::from(byte).to_string()
                }
                other => format!("%{other:02X}"),
            })
            .collect::<String>()
    };
    let (issuer, login) = (escaped(issuer), escaped(login));
    let secret = base32(secret);
    format!(
        "otpauth://totp/{issuer}:{login}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30"
    )
}

/// A picture of a text that cameras read: SVG with attributes only, nothing that a strict policy refuses.
pub(crate) fn picture(text: &str, title: &str) -> Option<Markup> {
    const QUIET: usize = 4;
    let code = qrcode::QrCode::new(text.as_bytes()).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (at, colour) in code.to_colors().into_iter().enumerate() {
        if colour == qrcode::Color::Dark {
            let (x, y) = (at % width + QUIET, at / width + QUIET);
            path.push_str(&format!("M{x} {y}h1v1h-1z"));
        }
    }
    let side = width + 2 * QUIET;
    Some(html! {
        svg width="232" height="232" viewBox=(format!("0 0 {side} {side}")) role="img" aria-label=(title)
            shape-rendering="crispEdges" {
            rect width=(side) height=(side) fill="#fff" {}
            path d=(path) fill="#000" {}
        }
    })
}

#[cfg(test)]
mod tests {
    use kernel::Millis;

    use super::*;

    /// RFC 6238 appendix B, the last six of eight digits.
    #[test]
    fn the_codes_of_the_standard_are_taken_one_step_around() {
        let secret = b"12345678901234567890";
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            let at = |seconds: i64| step_of(secret, code, Millis::new(seconds * 1000));
            assert_eq!(at(seconds), Some(seconds / 30));
            assert_eq!(at(seconds + 30), Some(seconds / 30));
            assert_eq!(at(seconds - 30), Some(seconds / 30));
            assert_eq!(at(seconds + 61), None);
        }
        for wrong in ["", "28708", "2870822", "28708x", "28 7082"] {
            assert_eq!(step_of(secret, wrong, Millis::new(59_000)), None);
        }
    }

    /// RFC 4648 §10.
    #[test]
    fn base_32_is_that_of_the_standard() {
        for (plain, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(plain.as_bytes()), text);
        }
        assert_eq!(spelled(b"foobar"), "MZXW 6YTB OI");
        let address = address(b"foobar", "渭河", "wang@x");
        assert!(
            address.starts_with("otpauth://totp/%E6%B8%AD%E6%B2%B3:wang%40x?secret=MZXW6YTBOI&")
        );
        let picture = picture(&address, "二维码").unwrap().into_string();
        assert!(
            picture.starts_with("<svg") && !picture.contains("style"),
            "{picture}"
        );
    }
}
