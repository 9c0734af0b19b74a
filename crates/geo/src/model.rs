//! The nouns of the map: levels of divisions, kinds of institutions.

use standard::{Lang, Standard};

/// A level of divisions. The greater, the narrower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// 省级
    Province,
    /// 地级
    City,
    /// 县级
    County,
    /// 乡级
    Township,
    /// 村级
    Village,
}

impl Level {
    /// The levels that have outlines, widest first: the layers of areas.
    pub const MAPPED: [Self; 4] = [Self::Province, Self::City, Self::County, Self::Township];

    /// The level of a code of the set `division_level`.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        match code {
            "province" => Some(Self::Province),
            "prefecture" => Some(Self::City),
            "county" => Some(Self::County),
            "township" => Some(Self::Township),
            "village" => Some(Self::Village),
            _ => None,
        }
    }

    /// The name of its layer, in tiles and addresses.
    #[must_use]
    pub fn layer(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::City => "city",
            Self::County => "county",
            Self::Township => "township",
            Self::Village => "village",
        }
    }

    /// The level of a layer of areas.
    #[must_use]
    pub fn of_layer(layer: &str) -> Option<Self> {
        Self::MAPPED
            .into_iter()
            .find(|level| level.layer() == layer)
    }

    /// The next narrower level that has outlines.
    #[must_use]
    pub fn below(self) -> Option<Self> {
        match self {
            Self::Province => Some(Self::City),
            Self::City => Some(Self::County),
            Self::County => Some(Self::Township),
            Self::Township | Self::Village => None,
        }
    }
}

/// The set whose codes are kinds.
const KIND_SET: &str = "institution_kind";
/// An institution whose type has no kind, or that has no type.
pub(crate) const NO_KIND: u8 = u8::MAX;

/// The kinds of institution that are counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Kinds {
    /// Bit by place in the code set; `None`: all, those without a kind too.
    chosen: Option<u32>,
    param: String,
}

impl Kinds {
    /// All kinds.
    #[must_use]
    pub fn all() -> Self {
        Self {
            chosen: None,
            param: "all".to_owned(),
        }
    }

    /// What an address says: `all`, nothing at all, or codes of `institution_kind` joined by commas.
    /// `None` for a code that is not known.
    #[must_use]
    pub fn parse(text: &str, standard: &Standard) -> Option<Self> {
        if text.is_empty() || text == "all" {
            return Some(Self::all());
        }
        let codes: Vec<&str> = text.split(',').collect();
        let mut mask = 0;
        for code in &codes {
            mask |= 1_u32.checked_shl(u32::from(kind_index(standard, code)?))?;
        }
        Some(Self {
            chosen: Some(mask),
            param: codes.join(","),
        })
    }

    /// The kinds that a figure counts unless the reader chooses.
    #[must_use]
    pub fn of_codes(codes: &[String], standard: &Standard) -> Self {
        Self::parse(&codes.join(","), standard).unwrap_or_else(Self::all)
    }

    /// As it stands in an address.
    #[must_use]
    pub fn param(&self) -> &str {
        &self.param
    }

    /// Whether nothing is left out.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.chosen.is_none()
    }

    /// The codes; empty for all.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.param.split(',').filter(|_| !self.is_all())
    }

    pub(crate) fn hold(&self, kind: u8) -> bool {
        match self.chosen {
            None => true,
            Some(mask) => kind != NO_KIND && mask >> u32::from(kind).min(31) & 1 == 1,
        }
    }

    /// The kinds in words, joined; `None` for all.
    #[must_use]
    pub fn words(&self, standard: &Standard, lang: Lang) -> Option<String> {
        if self.is_all() {
            return None;
        }
        let set = standard.code_set(KIND_SET)?;
        let names: Vec<&str> = self.codes().map(|code| set.name_of(code, lang)).collect();
        Some(names.join(if lang == Lang::Zh { "、" } else { ", " }))
    }
}

fn kind_index(standard: &Standard, code: &str) -> Option<u8> {
    let place = standard
        .code_set(KIND_SET)?
        .entries
        .iter()
        .position(|entry| entry.code == code)?;
    u8::try_from(place).ok().filter(|place| *place < 32)
}

/// The kind of each school type, ready to be asked for every institution.
pub(crate) struct KindOfType<'s> {
    known: std::collections::HashMap<&'s str, u8>,
}

impl<'s> KindOfType<'s> {
    pub(crate) fn new(standard: &'s Standard) -> Self {
        let entries = standard
            .code_set("school_type")
            .map_or(&[][..], |set| set.entries.as_slice());
        let known = entries
            .iter()
            .filter_map(|entry| {
                Some((
                    entry.code.as_str(),
                    kind_index(standard, entry.extra("kind")?)?,
                ))
            })
            .collect();
        Self { known }
    }

    pub(crate) fn of(&self, school_type: Option<&str>) -> u8 {
        school_type
            .and_then(|code| self.known.get(code))
            .copied()
            .unwrap_or(NO_KIND)
    }
}

/// The codes of kinds in their order; places in it are what [`KindOfType`] tells.
pub(crate) fn kind_codes(standard: &Standard) -> Vec<&str> {
    standard.code_set(KIND_SET).map_or_else(Vec::new, |set| {
        set.entries
            .iter()
            .map(|entry| entry.code.as_str())
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_from_addresses() {
        let standard = &standard::embedded().unwrap();
        let compulsory = Kinds::parse("primary,junior", standard).unwrap();
        let types = KindOfType::new(standard);
        assert!(compulsory.hold(types.of(Some("211"))) && compulsory.hold(types.of(Some("312"))));
        assert!(!compulsory.hold(types.of(Some("111"))) && !compulsory.hold(types.of(None)));
        assert!(Kinds::all().hold(NO_KIND));
        assert_eq!(compulsory.words(standard, Lang::Zh).unwrap(), "小学、初中");
        assert!(Kinds::parse("primary,castle", standard).is_none());
        assert!(Kinds::parse("", standard).unwrap().is_all());
    }
}
