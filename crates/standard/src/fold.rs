//! Text as people type it, made comparable: headers, code names, lists of values in one cell.

use kernel::normalise_text;

/// Characters between the values of a cell that holds several.
const SEPARATORS: [char; 12] = [
    ';', '；', '、', ',', '，', '|', '｜', '/', '／', '+', '＋', '\n',
];

/// The comparison key of a header or of a code's name: full-width forms become half-width, letters
/// lower-case, spaces, punctuation and required-marks fall away. Chinese characters stay as they are.
pub fn fold(text: &str) -> String {
    normalise_text(text)
        .chars()
        .filter(|c| !c.is_whitespace() && !is_ornament(*c))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The text without what stands in brackets, such as a unit in a header: `距离(公里)` → `距离`.
pub fn without_brackets(text: &str) -> String {
    let mut depth = 0usize;
    let mut kept = String::new();
    for c in normalise_text(text).chars() {
        match c {
            '(' | '[' | '【' | '〔' | '{' => depth += 1,
            ')' | ']' | '】' | '〕' | '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(c),
            _ => {}
        }
    }
    kept
}

/// The values of a cell that holds several, split at `; 、 , | / +` and line breaks outside brackets.
pub fn split_many(text: &str) -> Vec<String> {
    let mut depth = 0usize;
    let mut parts = vec![String::new()];
    for c in text.chars() {
        match c {
            '(' | '（' | '[' | '【' => depth += 1,
            ')' | '）' | ']' | '】' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && SEPARATORS.contains(&c) {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts
        .iter()
        .map(|part| part.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}'))
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

fn is_ornament(c: char) -> bool {
    c.is_ascii_punctuation()
        || matches!(
            c,
            '，' | '；'
                | '：'
                | '！'
                | '？'
                | '、'
                | '。'
                | '《'
                | '》'
                | '〈'
                | '〉'
                | '“'
                | '”'
                | '‘'
                | '’'
                | '【'
                | '】'
                | '〔'
                | '〕'
                | '·'
                | '•'
                | '・'
                | '‧'
                | '∙'
                | '—'
                | '–'
                | '…'
                | '※'
                | '★'
                | '☆'
                | '●'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_fold_to_one_key() {
        for header in [
            "*学校（机构）标识码",
            "学校(机构)标识码 ",
            "学校 机构 标识码:",
            "\u{feff}学校机构标识码",
        ] {
            assert_eq!(fold(header), "学校机构标识码");
        }
        assert_eq!(fold("Code_County"), "codecounty");
        assert_eq!(without_brackets("建筑面积（平方米）"), "建筑面积");
    }

    #[test]
    fn cells_with_several_values_split() {
        assert_eq!(split_many("小学、初中；高中"), ["小学", "初中", "高中"]);
        assert_eq!(split_many("小学+初中"), ["小学", "初中"]);
        assert_eq!(
            split_many("其他(分校/大专班)|学院"),
            ["其他(分校/大专班)", "学院"]
        );
        assert!(split_many(" ; ").is_empty());
    }
}
