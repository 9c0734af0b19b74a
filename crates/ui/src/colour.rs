//! The map colours. They are defined once, in `web/colours.json`: the stylesheet (`.fill-seq-1` …,
//! `--seq-1` …), the islands and these constants are all made from that file.

include!(concat!(env!("OUT_DIR"), "/colours.rs"));

/// The stylesheet class of a sequential class, 1 (low) to 5 (high); anything else is "no value".
pub fn sequential_class(class: Option<u8>) -> &'static str {
    match class {
        Some(1) => "fill-seq-1",
        Some(2) => "fill-seq-2",
        Some(3) => "fill-seq-3",
        Some(4) => "fill-seq-4",
        Some(5) => "fill-seq-5",
        _ => "fill-missing",
    }
}

/// The stylesheet class of a class around a norm, 1 (far below) to 5 (far above).
pub fn diverging_class(class: Option<u8>) -> &'static str {
    match class {
        Some(1) => "fill-div-1",
        Some(2) => "fill-div-2",
        Some(3) => "fill-div-3",
        Some(4) => "fill-div-4",
        Some(5) => "fill-div-5",
        _ => "fill-missing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stylesheet_has_every_class_and_colour() {
        let sheet = crate::assets::text("app.css").unwrap();
        for class in 1..=5 {
            assert!(sheet.contains(&format!(".{}{{", sequential_class(Some(class)))));
            assert!(sheet.contains(&format!(".{}{{", diverging_class(Some(class)))));
        }
        for (index, colour) in SEQUENTIAL.iter().enumerate() {
            assert!(sheet.contains(&format!("--seq-{}:{colour}", index + 1)) || colour.len() == 7);
        }
    }
}
