//! Addresses within the program: a path and its query, of which lists, sort links, chips and pagers
//! change one value and keep the others.

use std::fmt;

use form_urlencoded::Serializer;

/// A path with query pairs in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Url {
    path: String,
    pairs: Vec<(String, String)>,
}

impl Url {
    /// Reads `/schools?q=x&page=2`. Anything after `#` is dropped.
    pub fn parse(address: &str) -> Self {
        let address = address.split('#').next().unwrap_or("");
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let pairs = form_urlencoded::parse(query.as_bytes())
            .map(|(key, value)| (key.into_owned(), value.into_owned()))
            .collect();
        Self {
            path: path.to_owned(),
            pairs,
        }
    }

    /// The path, as it was given.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query pairs.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// The first value of a key, if it is not empty.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(name, value)| name == key && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// All values of a key.
    pub fn values<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs
            .iter()
            .filter(move |(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    /// The same address with this key set to one value, in the key's old place.
    #[must_use]
    pub fn with(&self, key: &str, value: impl fmt::Display) -> Self {
        let mut changed = self.clone();
        let place = changed
            .pairs
            .iter()
            .position(|(name, _)| name == key)
            .unwrap_or(changed.pairs.len());
        changed.pairs.retain(|(name, _)| name != key);
        let place = place.min(changed.pairs.len());
        changed
            .pairs
            .insert(place, (key.to_owned(), value.to_string()));
        changed
    }

    /// The same address with one more value of this key.
    #[must_use]
    pub fn adding(&self, key: &str, value: impl fmt::Display) -> Self {
        let mut changed = self.clone();
        changed.pairs.push((key.to_owned(), value.to_string()));
        changed
    }

    /// The same address without this key.
    #[must_use]
    pub fn without(&self, key: &str) -> Self {
        let mut changed = self.clone();
        changed.pairs.retain(|(name, _)| name != key);
        changed
    }

    /// The same address without this one pair.
    #[must_use]
    pub fn without_pair(&self, key: &str, value: &str) -> Self {
        let mut changed = self.clone();
        changed
            .pairs
            .retain(|(name, held)| !(name == key && held == value));
        changed
    }

    /// The same address with only these keys kept.
    #[must_use]
    pub fn keeping(&self, keys: &[&str]) -> Self {
        let mut changed = self.clone();
        changed
            .pairs
            .retain(|(name, _)| keys.contains(&name.as_str()));
        changed
    }

    /// Another path with the same query.
    #[must_use]
    pub fn at(&self, path: &str) -> Self {
        Self {
            path: path.to_owned(),
            pairs: self.pairs.clone(),
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.path)?;
        let shown = self.pairs.iter().filter(|(_, value)| !value.is_empty());
        let mut query = Serializer::new(String::new());
        query.extend_pairs(shown);
        let query = query.finish();
        if query.is_empty() {
            return Ok(());
        }
        write!(formatter, "?{query}")
    }
}

impl maud::Render for Url {
    fn render_to(&self, buffer: &mut String) {
        self.to_string().as_str().render_to(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_changes_and_the_others_stay_in_place() {
        let url = Url::parse("/schools?q=%E5%B0%8F%E5%AD%A6&page=2&kind=a&kind=b");
        assert_eq!(url.get("q"), Some("小学"));
        assert_eq!(
            url.with("page", 3).to_string(),
            "/schools?q=%E5%B0%8F%E5%AD%A6&page=3&kind=a&kind=b"
        );
        assert_eq!(
            url.without("q").without_pair("kind", "a").to_string(),
            "/schools?page=2&kind=b"
        );
        assert_eq!(url.keeping(&[]).to_string(), "/schools");
    }

    #[test]
    fn empty_values_are_not_written() {
        assert_eq!(Url::parse("/a?q=&x=1").to_string(), "/a?x=1");
    }
}
