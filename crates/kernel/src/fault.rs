//! How every fault enum of this crate is written.
//!
//! A fault has a stable code (never renamed: reports and other programs keep it) and one
//! sentence in Chinese and one in English that say what is wrong and what to do.

/// What every fault of this crate can say about itself.
pub trait Fault: std::error::Error {
    /// Stable code in kebab case, for example `citizen-id-check`.
    fn code(&self) -> &'static str;
    /// What is wrong and what to do, in Chinese.
    fn zh(&self) -> &'static str;
    /// What is wrong and what to do, in English.
    fn en(&self) -> &'static str;
}

/// Defines a fault enum as a table: variant, code, Chinese sentence, English sentence.
macro_rules! faults {
    (
        $(#[$attribute:meta])*
        $name:ident {
            $( $(#[$variant_attribute:meta])* $variant:ident => $code:literal, $zh:literal, $en:literal; )+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
        pub enum $name {
            $( $(#[$variant_attribute])* #[serde(rename = $code)] $variant, )+
        }

        impl $name {
            /// Every fault of this kind, in the order of the table.
            pub const ALL: &'static [$name] = &[$( $name::$variant ),+];

            /// Stable code in kebab case.
            pub const fn code(self) -> &'static str {
                match self { $( $name::$variant => $code, )+ }
            }

            /// What is wrong and what to do, in Chinese.
            pub const fn zh(self) -> &'static str {
                match self { $( $name::$variant => $zh, )+ }
            }

            /// What is wrong and what to do, in English.
            pub const fn en(self) -> &'static str {
                match self { $( $name::$variant => $en, )+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.en())
            }
        }

        impl std::error::Error for $name {}

        impl $crate::fault::Fault for $name {
            fn code(&self) -> &'static str { (*self).code() }
            fn zh(&self) -> &'static str { (*self).zh() }
            fn en(&self) -> &'static str { (*self).en() }
        }
    };
}
