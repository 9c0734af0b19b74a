//! The definitions as a whole.

use std::collections::BTreeMap;

use crate::alert::AlertRule;
use crate::assurance::AssuranceRules;
use crate::calendar::Calendar;
use crate::codes::CodeSet;
use crate::figure::Figure;
use crate::infer::TypeRules;
use crate::load::{self, Builder};
use crate::model::{Check, Dataset, DatasetName, Field, SqlFunction, Version};
use crate::people::{ErasureReason, HIDDEN, Mask, Purpose};
use crate::post::{Line, Post};
use crate::problem::Problem;
use crate::read::SourceFile;
use crate::seed::SeedRow;
use crate::workflow::Workflow;

/// A checked set of definitions.
#[derive(Debug, Clone, PartialEq)]
pub struct Standard {
    hash: String,
    files: Vec<SourceFile>,
    version: Version,
    datasets: Vec<Dataset>,
    code_sets: Vec<CodeSet>,
    checks: Vec<Check>,
    functions: Vec<SqlFunction>,
    posts: Vec<Post>,
    alerts: Vec<AlertRule>,
    lines: Vec<Line>,
    figures: Vec<Figure>,
    masks: Vec<Mask>,
    purposes: Vec<Purpose>,
    erasures: Vec<ErasureReason>,
    type_rules: TypeRules,
    assurance: AssuranceRules,
    seeds: BTreeMap<String, Vec<SeedRow>>,
    workflows: Vec<Workflow>,
    calendar: Calendar,
}

impl Standard {
    /// Reads and checks definition files.
    ///
    /// # Errors
    /// Every mistake found, with its file, line and what to write instead.
    pub fn load(files: &[SourceFile]) -> Result<Self, Vec<Problem>> {
        load::load(files, &[])
    }

    /// As [`Standard::load`], with an operator's overlay that adds or tightens.
    ///
    /// # Errors
    /// Every mistake found, loosening among them.
    pub fn load_with_overlay(
        base: &[SourceFile],
        overlay: &[SourceFile],
    ) -> Result<Self, Vec<Problem>> {
        load::load(base, overlay)
    }

    pub(crate) fn assemble(mut builder: Builder, hash: String, files: Vec<SourceFile>) -> Self {
        builder
            .datasets
            .sort_by(|left, right| (left.order, &left.name).cmp(&(right.order, &right.name)));
        builder
            .figures
            .sort_by(|left, right| (left.order, &left.name).cmp(&(right.order, &right.name)));
        Self {
            hash,
            files,
            version: builder.version.unwrap_or_default(),
            datasets: builder.datasets,
            code_sets: builder.code_sets,
            checks: builder.checks,
            functions: builder.functions,
            posts: builder.posts,
            alerts: builder.alerts,
            lines: builder.lines,
            figures: builder.figures,
            masks: builder.masks,
            purposes: builder.purposes,
            erasures: builder.erasures,
            type_rules: builder.type_rules,
            assurance: builder.assurance,
            seeds: builder
                .seeds
                .into_iter()
                .map(|seed| (seed.dataset, seed.rows))
                .collect(),
            workflows: builder.workflows,
            calendar: builder.calendar,
        }
    }

    /// SHA-256 over the sorted file names and bytes, in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The files that it was read from, so that they can be kept beside what is written under them: those
    /// of an overlay under `overlay/`, so that two files of one path are both kept.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The hash that definitions have whose files were kept as [`Standard::files`] gives them.
    pub fn hash_of(files: &[SourceFile]) -> String {
        load::hash_of_kept(files)
    }

    /// The version, such as `2026.1`.
    pub fn version(&self) -> &str {
        &self.version.version
    }

    /// The version with its description.
    pub fn version_info(&self) -> &Version {
        &self.version
    }

    /// All datasets in their order.
    pub fn datasets(&self) -> &[Dataset] {
        &self.datasets
    }

    /// The names of all datasets, in their order.
    pub fn dataset_names(&self) -> Vec<DatasetName> {
        self.datasets
            .iter()
            .map(|dataset| DatasetName {
                name: dataset.name.clone(),
                title: dataset.title.clone(),
                is_common: dataset.is_common(),
            })
            .collect()
    }

    /// The dataset of that name.
    pub fn dataset(&self, name: &str) -> Option<&Dataset> {
        self.datasets.iter().find(|dataset| dataset.name == name)
    }

    /// All code sets.
    pub fn code_sets(&self) -> &[CodeSet] {
        &self.code_sets
    }

    /// The code set of that name.
    pub fn code_set(&self, name: &str) -> Option<&CodeSet> {
        self.code_sets.iter().find(|set| set.name == name)
    }

    /// All checks.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// The check with that code.
    pub fn check(&self, code: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.code == code)
    }

    /// The checks of a dataset, in the order of the files.
    pub fn checks_for(&self, dataset: &str) -> Vec<&Check> {
        self.checks
            .iter()
            .filter(|check| check.dataset == dataset)
            .collect()
    }

    /// The SQL functions that the checker must provide.
    pub fn functions(&self) -> &[SqlFunction] {
        &self.functions
    }

    /// The alerts on unusual reading.
    pub fn alerts(&self) -> &[AlertRule] {
        &self.alerts
    }

    /// 网络安全责任: duties, thresholds, courses, the rules of incidents.
    pub fn assurance(&self) -> &AssuranceRules {
        &self.assurance
    }

    /// All posts.
    pub fn posts(&self) -> &[Post] {
        &self.posts
    }

    /// The post of that name.
    pub fn post(&self, name: &str) -> Option<&Post> {
        self.posts.iter().find(|post| post.name == name)
    }

    /// The courses that must be attended before a post is given; none where there is no such post.
    pub fn courses_before(&self, post: &str) -> Vec<&crate::Course> {
        let named = self.post(post).map_or(&[][..], |post| &post.training);
        named
            .iter()
            .filter_map(|name| self.assurance().course(name))
            .collect()
    }

    /// All business lines, in the order of the files.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The business line of that name.
    pub fn line(&self, name: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.name == name)
    }

    /// All figures in their order.
    pub fn figures(&self) -> &[Figure] {
        &self.figures
    }

    /// The figure of that name.
    pub fn figure(&self, name: &str) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.name == name)
    }

    /// All processes of application and review, in the order of their files.
    pub fn workflows(&self) -> &[Workflow] {
        &self.workflows
    }

    /// The process of that name; one that an overlay put in its place stands under its own name.
    pub fn workflow(&self, name: &str) -> Option<&Workflow> {
        self.workflows.iter().find(|workflow| workflow.name == name)
    }

    /// A process from the text that a case kept of it ([`Workflow::text`]); `None` for a text that this
    /// release cannot read.
    pub fn kept_workflow(text: &str) -> Option<Workflow> {
        load::kept_workflow(text)
    }

    /// On which days offices work.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// All purposes for which personal data is kept or read, in the order of the files.
    pub fn purposes(&self) -> &[Purpose] {
        &self.purposes
    }

    /// The purpose of that name.
    pub fn purpose(&self, name: &str) -> Option<&Purpose> {
        self.purposes.iter().find(|purpose| purpose.name == name)
    }

    /// All reasons for which what is held on a person may be erased.
    pub fn erasure_reasons(&self) -> &[ErasureReason] {
        &self.erasures
    }

    /// The reason for erasure of that name.
    pub fn erasure_reason(&self, name: &str) -> Option<&ErasureReason> {
        self.erasures.iter().find(|reason| reason.name == name)
    }

    /// The mask of that name.
    pub fn mask(&self, name: &str) -> Option<&Mask> {
        self.masks.iter().find(|mask| mask.name == name)
    }

    /// A value as people read it, as it is shown where it is not shown in full. What is no personal data stays as it
    /// is; a field without a mask shows nothing, not even whether it is long.
    pub fn masked(&self, field: &Field, shown: &str) -> String {
        if shown.is_empty() || !field.sensitivity.is_sealed() {
            return shown.to_owned();
        }
        let mask = field.mask.as_deref().and_then(|name| self.mask(name));
        mask.map_or_else(|| HIDDEN.to_owned(), |mask| mask.apply(shown))
    }

    /// The rules that guess an institution's type from its name.
    pub fn type_rules(&self) -> &TypeRules {
        &self.type_rules
    }

    /// Records of a dataset that come with the definitions, versions of one record in order of time.
    pub fn seed(&self, dataset: &str) -> &[SeedRow] {
        self.seeds.get(dataset).map_or(&[], Vec::as_slice)
    }

    /// Names of the datasets that have a seed.
    pub fn seeded(&self) -> impl Iterator<Item = &str> {
        self.seeds.keys().map(String::as_str)
    }
}
