//! Posts (岗位) and business lines (业务条线): what a person may do, where, and with which data.

use crate::model::{At, Confidence, Label, Sensitivity};

/// What a post may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// See records.
    Read,
    /// Add or correct one record.
    Edit,
    /// Take files in.
    Import,
    /// Take data out.
    Export,
    /// Reverse a commit.
    Reverse,
    /// Decide on what others propose: an export, a grant.
    Approve,
    /// Look at records of persons; what of them is shown is a matter of sensitivity and purpose.
    ReadPersonal,
    /// Make and close accounts, and give the posts that the post may give.
    ManageAccounts,
    /// Change settings.
    ManageSettings,
    /// See the state of security: findings, who is responsible, incidents.
    ReadSecurity,
    /// Keep who is responsible for security, the register of systems, alerts and incidents.
    ManageSecurity,
    /// Search the audit log.
    ReadAudit,
}

impl Action {
    /// Spelling in definition files.
    pub const CHOICES: [(&'static str, Self); 12] = [
        ("read", Self::Read),
        ("edit", Self::Edit),
        ("import", Self::Import),
        ("export", Self::Export),
        ("reverse", Self::Reverse),
        ("approve", Self::Approve),
        ("read_personal", Self::ReadPersonal),
        ("manage_accounts", Self::ManageAccounts),
        ("manage_settings", Self::ManageSettings),
        ("read_security", Self::ReadSecurity),
        ("manage_security", Self::ManageSecurity),
        ("read_audit", Self::ReadAudit),
    ];

    /// The actions of which a post holds at most one, and a person too: those of the system, the security
    /// and the audit administrator (三员分立; GB/T 22239-2019, 8.1.5: 系统管理、审计管理、安全管理).
    pub const SEPARATED: [Self; 3] = [Self::ManageSettings, Self::ManageSecurity, Self::ReadAudit];

    /// The word used in definition files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Edit => "edit",
            Self::Import => "import",
            Self::Export => "export",
            Self::Reverse => "reverse",
            Self::Approve => "approve",
            Self::ReadPersonal => "read_personal",
            Self::ManageAccounts => "manage_accounts",
            Self::ManageSettings => "manage_settings",
            Self::ReadSecurity => "read_security",
            Self::ManageSecurity => "manage_security",
            Self::ReadAudit => "read_audit",
        }
    }
}

/// How far below its unit a post reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The unit and everything below it.
    Subtree,
    /// The unit itself only.
    Own,
}

impl Scope {
    /// Spelling in definition files.
    pub const CHOICES: [(&'static str, Self); 2] = [("subtree", Self::Subtree), ("own", Self::Own)];
}

/// The level of a unit. A higher level is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitLevel {
    /// An institution, or a central school.
    Institution,
    /// A county bureau or a development zone.
    County,
    /// A city bureau, or a unit that reports to the province itself.
    City,
    /// The province.
    Province,
}

impl UnitLevel {
    /// Spelling in definition files, from the highest to the lowest.
    pub const CHOICES: [(&'static str, Self); 4] = [
        ("province", Self::Province),
        ("city", Self::City),
        ("county", Self::County),
        ("institution", Self::Institution),
    ];

    /// All levels.
    pub const ALL: [Self; 4] = [Self::Province, Self::City, Self::County, Self::Institution];

    /// The word used in definition files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::City => "city",
            Self::County => "county",
            Self::Institution => "institution",
        }
    }

    /// The level of a code of the set `education_unit_kind`; a central school stands with the institutions.
    pub fn of_unit_kind(code: &str) -> Self {
        match code {
            "province" => Self::Province,
            "city" | "direct" => Self::City,
            "county" | "zone" => Self::County,
            _ => Self::Institution,
        }
    }
}

/// A post (岗位): what an account may do in the unit it is granted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Name in code.
    pub name: String,
    /// Name on pages.
    pub title: Label,
    /// What the post is for.
    pub about: Label,
    /// What it may do.
    pub actions: Vec<Action>,
    /// How far it reaches.
    pub scope: Scope,
    /// The most sensitive fields it may see.
    pub sees: Sensitivity,
    /// At which levels of unit it may be held; never empty.
    pub levels: Vec<UnitLevel>,
    /// Posts that nobody may hold together with this one. Ask [`Post::excludes`], which looks both ways.
    pub excluded: Vec<String>,
    /// Posts that its holder may give to others; of use with [`Action::ManageAccounts`] only.
    pub may_grant: Vec<String>,
    /// The courses of `assurance.toml` that must be attended before it is given.
    pub training: Vec<String>,
    /// Posts for which its holder may decide applications; of use with [`Action::Approve`] only.
    pub may_approve: Vec<String>,
    /// Where it is defined.
    pub at: At,
}

impl Post {
    /// A post of a name that may be held at every level, excludes nothing and gives nothing.
    pub fn new(name: &str, actions: &[Action], scope: Scope, sees: Sensitivity) -> Self {
        Self {
            name: name.to_owned(),
            title: Label {
                zh: name.to_owned(),
                en: name.to_owned(),
            },
            about: Label::default(),
            actions: actions.to_vec(),
            scope,
            sees,
            levels: UnitLevel::ALL.to_vec(),
            excluded: Vec::new(),
            may_grant: Vec::new(),
            training: Vec::new(),
            may_approve: Vec::new(),
            at: At {
                file: "posts.toml".into(),
                line: 1,
            },
        }
    }

    /// Whether the post may do this.
    pub fn allows(&self, action: Action) -> bool {
        self.actions.contains(&action)
    }

    /// Whether it may be held at a level.
    pub fn is_held_at(&self, level: UnitLevel) -> bool {
        self.levels.contains(&level)
    }

    /// Whether nobody may hold both: the definitions of either say so, or they hold different ones of
    /// [`Action::SEPARATED`].
    pub fn excludes(&self, other: &Self) -> bool {
        let separated = |post: &Self| {
            Action::SEPARATED
                .into_iter()
                .find(|action| post.allows(*action))
        };
        let apart = match (separated(self), separated(other)) {
            (Some(one), Some(another)) => one != another,
            _ => false,
        };
        apart || self.excluded.contains(&other.name) || other.excluded.contains(&self.name)
    }
}

/// A business line (业务条线): the work of one office (处室, 股室) at every level. A grant may name one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Name in code.
    pub name: String,
    /// Name on pages.
    pub title: Label,
    /// The datasets that a grant of this line reaches at most; `None`: all of them.
    pub datasets: Option<Vec<String>>,
    /// Where the line was seen.
    pub source: String,
    /// How sure that is.
    pub confidence: Confidence,
    /// Where it is defined.
    pub at: At,
}
