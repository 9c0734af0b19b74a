//! Names in the usual style, and never one that people know.
//!
//! What is counted off or named after a place (`…镇中心小学`, `…村小学`, `…街道第二小学`, `…县第二初级中学`)
//! begins with its county's name. Of the central schools of towns many exist under just this name, since
//! every town has one; nobody knows a school by it, and all else about it is made up.
//! Whatever else has a name of its own (kindergartens in private hands, senior, vocational and special
//! schools, colleges) gets a coined word of two characters that are drawn from two lists; schools of renown
//! have ordinals of their city, names of universities or of places, and no such word. A test holds all names
//! against lists of real schools and universities: only schools of towns may be in them.

use std::collections::BTreeSet;

use crate::random::Random;

/// First characters of coined words.
const FIRST: [char; 24] = [
    '禾', '澄', '昀', '沐', '岚', '霁', '栎', '珩', '翊', '煦', '芃', '葭', '棠', '槿', '榆', '麓',
    '溪', '汀', '浔', '砚', '朔', '苓', '稷', '岫',
];

/// Second characters of coined words.
const SECOND: [char; 24] = [
    '原', '舟', '帆', '榕', '苑', '屿', '笙', '樾', '岑', '蓁', '楠', '桐', '苇', '筠', '衡', '垚',
    '弦', '藜', '霖', '陌', '渚', '璟', '簌', '穗',
];

/// Words in a village's name that would make the name of a school say something else.
const UNFIT: [&str; 36] = [
    "第",
    "新型农村",
    "大学",
    "学院",
    "学校",
    "中学",
    "小学",
    "幼儿",
    "研究",
    "公司",
    "集团",
    "医院",
    "部队",
    "监狱",
    "虚拟",
    "生活区",
    "家属",
    "站点",
    "公交",
    "代理",
    "管委",
    "产业",
    "园区",
    "交大",
    "建设中",
    "售楼",
    "停车",
    "实训",
    "院",
    "所",
    "厂",
    "局",
    "矿",
    "区",
    "校",
    "附",
];

/// Endings of village-level divisions, the longest first.
const VILLAGE_ENDINGS: [&str; 19] = [
    "社区居民委员会",
    "社区居民委会",
    "社区居委员会",
    "社区居委会会",
    "社区委员会",
    "社区居委会",
    "社区居委",
    "社区委会",
    "居民委员会",
    "居委会",
    "村村民委委会",
    "村民委员会",
    "村委会委会",
    "行政村",
    "村委会",
    "委会",
    "社区",
    "村委",
    "居委",
];

/// `西一路街道` → `西一路`; towns keep their 镇.
pub(crate) fn township_base(name: &str) -> String {
    name.strip_suffix("街道").unwrap_or(name).to_owned()
}

/// `高家村委会` → `高家村`, `民乐社区居委会` → `民乐`; `None` where nothing usable is left.
pub(crate) fn village_base(name: &str, is_community: bool) -> Option<String> {
    let mut base = name
        .split(['（', '(', '、'])
        .next()
        .unwrap_or_default()
        .trim();
    for front in ["西安浐灞生态区", "浐灞生态区"] {
        base = base.strip_prefix(front).unwrap_or(base);
    }
    for ending in VILLAGE_ENDINGS {
        if let Some(front) = base.strip_suffix(ending) {
            base = front;
            break;
        }
    }
    let is_plain = base
        .chars()
        .all(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter));
    let is_fit = !UNFIT.iter().any(|word| base.contains(word));
    let length = base.chars().count();
    if !is_plain || !is_fit || !(1..=6).contains(&length) {
        return None;
    }
    if is_community {
        return (length >= 2).then(|| base.to_owned());
    }
    Some(if base.ends_with('村') && length >= 2 {
        base.to_owned()
    } else {
        format!("{base}村")
    })
}

/// Coined words in an order of their own for every purpose; after the last they begin again with a number.
#[derive(Debug)]
pub(crate) struct Coiner {
    words: Vec<String>,
    next: usize,
}

impl Coiner {
    pub(crate) fn new(random: &mut Random) -> Coiner {
        let mut words: Vec<String> = FIRST
            .iter()
            .flat_map(|first| {
                SECOND
                    .iter()
                    .map(move |second| [*first, *second].iter().collect())
            })
            .collect();
        random.shuffle(&mut words);
        Coiner { words, next: 0 }
    }

    pub(crate) fn word(&mut self) -> String {
        let count = self.words.len().max(1);
        let (round, place) = (self.next / count, self.next % count);
        self.next += 1;
        let word = self.words.get(place).cloned().unwrap_or_default();
        if round == 0 {
            word
        } else {
            format!("{word}第{}", numeral(round as u64 + 1))
        }
    }
}

/// Names that are taken.
#[derive(Debug, Default)]
pub(crate) struct Taken(BTreeSet<String>);

impl Taken {
    /// Takes a name; false where another has it.
    pub(crate) fn take(&mut self, name: &str) -> bool {
        self.0.insert(name.to_owned())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

/// 一, 二, … 十, 十一, … 九十九.
pub(crate) fn numeral(number: u64) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let digit = |number: u64| {
        usize::try_from(number)
            .ok()
            .and_then(|place| DIGITS.get(place))
            .copied()
            .unwrap_or("")
    };
    match number {
        0..10 => digit(number).to_owned(),
        10..20 => format!("十{}", digit(number - 10)),
        20..100 => format!("{}十{}", digit(number / 10), digit(number % 10)),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn villages_give_their_names_to_schools() {
        for (name, is_community, base) in [
            ("高家村委会", false, Some("高家村")),
            ("联西村村委会", false, Some("联西村")),
            ("石村村委会委会", false, Some("石村")),
            ("车家塔村民委员会", false, Some("车家塔村")),
            ("王村委会", false, Some("王村")),
            ("民乐社区居委会", true, Some("民乐")),
            ("浐灞生态区万锦社区居民委员会", true, Some("万锦")),
            ("西安交通大学第一社区居民委员会", true, None),
            ("冯家岔村委会（史）", false, Some("冯家岔村")),
            ("木王虚拟生活区", false, None),
            ("羌村行政村", false, Some("羌村")),
        ] {
            assert_eq!(village_base(name, is_community).as_deref(), base, "{name}");
        }
        assert_eq!(
            (township_base("西一路街道"), township_base("城关镇")),
            ("西一路".to_owned(), "城关镇".to_owned())
        );
    }

    #[test]
    fn numerals_and_coined_words() {
        assert_eq!(
            [1, 10, 11, 20, 21].map(numeral),
            ["一", "十", "十一", "二十", "二十一"]
        );
        let mut coiner = Coiner::new(&mut Random::of(1, "test", 1));
        let words: BTreeSet<String> = (0..1200).map(|_| coiner.word()).collect();
        assert_eq!(words.len(), 1200);
    }
}
