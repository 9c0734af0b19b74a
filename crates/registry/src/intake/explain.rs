//! Causes and rows in people's words.

use std::collections::BTreeMap;

use kernel::{Day, Value, decimal};
use standard::{Check, Dataset, Field, FieldKind, Lang, MatchKey, Severity, Standard};

use super::cells::stored_value;
use super::context::Context;
use super::outlines;
use super::plan::{CauseText, Detail, FieldChange};
use super::typing::Batch;

/// Words for the rows and causes of one dataset.
pub struct Explainer<'a> {
    standard: &'a Standard,
    dataset: &'a Dataset,
    /// What other records are called; without it they are shown by their numbers.
    context: Option<&'a Context>,
    /// The fields that say what a record is about: whose it is, where that is another record, and the field
    /// that stands for it.
    label_fields: Vec<(usize, &'a Field)>,
}

impl<'a> Explainer<'a> {
    /// Words for a dataset.
    pub fn new(standard: &'a Standard, dataset: &'a Dataset) -> Explainer<'a> {
        Explainer {
            standard,
            dataset,
            context: None,
            label_fields: label_fields(dataset),
        }
    }

    /// Words that call other records by their names.
    #[must_use]
    pub fn knowing(self, context: &'a Context) -> Explainer<'a> {
        Explainer {
            context: Some(context),
            ..self
        }
    }

    /// What a row is about: the school, or the school and the year.
    pub fn row_label(&self, batch: &Batch, row: usize) -> String {
        let parts: Vec<String> = self
            .label_fields
            .iter()
            .map(|(_, field)| self.cell(batch, &field.name, row))
            .collect();
        if parts.first().is_some_and(|first| !first.is_empty()) {
            return joined(parts);
        }
        if self.dataset.person.is_some() {
            // Any cell may hold anything of a person: the number of the row has to do.
            return joined(parts);
        }
        // The text of the file, where the field itself could not be read.
        (0..batch.raw.columns.len())
            .map(|column| batch.raw.cell(column, row))
            .find(|text| !text.trim().is_empty())
            .unwrap_or_default()
            .to_owned()
    }

    /// What a record is called. Other records that no context names are left out.
    pub fn label_of(&self, values: &[Value]) -> String {
        self.label_with(values, |dataset, record| {
            let index = self.context?.references.get(dataset)?;
            Some(index.label(kernel::RecordId::new(record)))
        })
    }

    /// What a record is called, other records as `name` says; those that it does not know are left out.
    pub fn label_with(
        &self,
        values: &[Value],
        name: impl Fn(&str, i64) -> Option<String>,
    ) -> String {
        let part = |(position, field): &(usize, &Field)| match (&field.kind, values.get(*position)?)
        {
            (FieldKind::Ref(dataset), Value::Int(record)) => name(dataset, *record),
            (FieldKind::Ref(_), _) => None,
            (_, value) => Some(self.shown(field, value, None)),
        };
        joined(self.label_fields.iter().filter_map(part).collect())
    }

    /// The fields of the match keys, for people.
    pub fn key_fields(&self) -> Detail {
        let in_words = |lang: Lang| {
            let titles = |key: &MatchKey| {
                let fields = key
                    .fields
                    .iter()
                    .filter_map(|name| self.dataset.field(name));
                let titles: Vec<&str> = fields.map(|field| field.title.get(lang)).collect();
                titles.join("+")
            };
            let keys: Vec<String> = self.dataset.match_keys.iter().map(titles).collect();
            keys.join(" / ")
        };
        Detail {
            zh: in_words(Lang::Zh),
            en: in_words(Lang::En),
        }
    }

    /// The values of a row that the sentences of a check speak of.
    pub fn values_said(
        &self,
        check: &Check,
        batch: &Batch,
        row: usize,
    ) -> BTreeMap<String, String> {
        let said = |sentence: &str, field: &Field| sentence.contains(&placeholder(&field.name));
        self.dataset
            .stored_fields()
            .filter(|field| {
                [&check.message, &check.repair]
                    .iter()
                    .any(|label| said(&label.zh, field) || said(&label.en, field))
            })
            .map(|field| (field.name.clone(), self.cell(batch, &field.name, row)))
            .filter(|(_, value)| !value.is_empty())
            .collect()
    }

    /// A field of a row as people read it.
    pub fn cell(&self, batch: &Batch, field: &str, row: usize) -> String {
        let (Some(field), Some(column)) = (self.dataset.field(field), batch.table.position(field))
        else {
            return String::new();
        };
        let value = stored_value(field, &batch.table, column, row);
        self.shown(field, &value, self.context)
    }

    /// A stored value as people read it: codes by name, numbers with their point, records by name, personal data
    /// masked. A plan is kept and read by more people than the file that it is of.
    pub fn shown(&self, field: &Field, value: &Value, context: Option<&Context>) -> String {
        let text = shown(self.standard, field, value, Lang::Zh, |dataset, record| {
            context
                .and_then(|context| context.references.get(dataset))
                .map(|index| index.label(kernel::RecordId::new(record)))
        });
        self.standard.masked(field, &text)
    }

    /// The text of a cell that is at fault, masked where it may be of a person: in a shifted row any cell may.
    pub(super) fn faulty(&self, field: Option<&Field>, text: &str) -> String {
        if self.dataset.person.is_none() {
            return text.to_owned();
        }
        match field {
            Some(field) if field.sensitivity.is_sealed() => self.standard.masked(field, text),
            _ if text.is_empty() => String::new(),
            _ => standard::HIDDEN.to_owned(),
        }
    }

    /// Differences by field.
    pub fn field_changes(
        &self,
        differences: &[(usize, Value, Value)],
        context: &Context,
    ) -> Vec<FieldChange> {
        let fields: Vec<&Field> = self.dataset.stored_fields().collect();
        differences
            .iter()
            .filter_map(|(position, old, new)| {
                let field = fields.get(*position)?;
                Some(FieldChange {
                    field: field.name.clone(),
                    old: self.shown(field, old, Some(context)),
                    new: self.shown(field, new, Some(context)),
                })
            })
            .collect()
    }

    /// What a cause says: a check of the standard, with places for the values of its rows, or one of the
    /// intake's own.
    pub(super) fn cause(&self, code: &str, field: &str) -> CauseText {
        if let Some(check) = self.standard.check(code) {
            return CauseText {
                code: code.to_owned(),
                field: field.to_owned(),
                severity: check.severity.as_str().to_owned(),
                message: (check.message.zh.clone(), check.message.en.clone()),
                repair: (check.repair.zh.clone(), check.repair.en.clone()),
            };
        }
        let title = self.dataset.field(field).map(|field| &field.title);
        let (zh, en) = title.map_or(("", ""), |title| (title.zh.as_str(), title.en.as_str()));
        let (message, repair) = own_words(code);
        let fill = |text: &str, name: &str| text.replace("{field}", name);
        let severity = match code {
            "CELL-SUPERSEDED" | "CELL-MONTH" => Severity::Notice.as_str(),
            "ROW-AMBIGUOUS" => "review",
            _ => Severity::MustFix.as_str(),
        };
        CauseText {
            code: code.to_owned(),
            field: field.to_owned(),
            severity: severity.to_owned(),
            message: (fill(message.0, zh), fill(message.1, en)),
            repair: (fill(repair.0, zh), fill(repair.1, en)),
        }
    }
}

/// Whose a record is, where that is another record, then the field that stands for it.
fn label_fields(dataset: &Dataset) -> Vec<(usize, &Field)> {
    let is_reference = |name: &String| {
        let field = dataset.field(name);
        field.is_some_and(|field| matches!(field.kind, FieldKind::Ref(_)))
    };
    let first_key = dataset.match_keys.first().map(|key| key.fields.as_slice());
    let references = first_key.unwrap_or_default().iter();
    let mut found: Vec<(usize, &Field)> = Vec::new();
    for name in references
        .filter(|name| is_reference(name))
        .chain([&dataset.display])
    {
        let field = dataset
            .stored_fields()
            .enumerate()
            .find(|(_, field)| field.name == *name);
        if let Some(field) = field.filter(|(place, _)| found.iter().all(|(own, _)| own != place)) {
            found.push(field);
        }
    }
    found
}

fn joined(mut parts: Vec<String>) -> String {
    parts.retain(|part| !part.is_empty());
    parts.join(" ")
}

/// The place of a field's value in a sentence.
fn placeholder(name: &str) -> String {
    format!("{{{name}}}")
}

/// A sentence of a check with its places filled by the values of a row; `…` where there is none.
pub fn filled(sentence: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut said = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some((front, after)) = rest.split_once('{') {
        said.push_str(front);
        match after.split_once('}') {
            Some((name, behind)) if !name.contains(char::is_whitespace) => {
                said.push_str(&value(name).unwrap_or_else(|| "…".to_owned()));
                rest = behind;
            }
            _ => {
                said.push('{');
                rest = after;
            }
        }
    }
    said.push_str(rest);
    said
}

/// A stored value as people read it. `label` names the record of a dataset.
pub fn shown(
    standard: &Standard,
    field: &Field,
    value: &Value,
    lang: Lang,
    label: impl Fn(&str, i64) -> Option<String>,
) -> String {
    match (&field.kind, value) {
        (_, Value::Null) => String::new(),
        (FieldKind::Geometry, Value::Bytes(bytes)) => format!("{} B", bytes.len()),
        (_, Value::Bytes(bytes)) => format!("{} B", bytes.len()),
        (FieldKind::Code(set), Value::Text(codes)) => {
            let Some(set) = standard.code_set(set) else {
                return codes.clone();
            };
            let names: Vec<&str> = codes
                .split('|')
                .map(|code| set.name_of(code, lang))
                .collect();
            names.join("、")
        }
        (FieldKind::Ref(dataset), Value::Text(records)) => {
            let names: Vec<String> = records
                .split('|')
                .filter_map(|record| record.parse().ok())
                .map(|record| label(dataset, record).unwrap_or_else(|| record.to_string()))
                .collect();
            names.join("、")
        }
        (_, Value::Text(text)) => text.replace('|', "、"),
        (FieldKind::Bool, Value::Int(truth)) => match (*truth != 0, lang) {
            (true, Lang::Zh) => "是".to_owned(),
            (false, Lang::Zh) => "否".to_owned(),
            (true, Lang::En) => "yes".to_owned(),
            (false, Lang::En) => "no".to_owned(),
        },
        (FieldKind::Date, Value::Int(days)) => {
            i32::try_from(*days).map_or(days.to_string(), |days| Day::new(days).to_string())
        }
        (FieldKind::Ref(dataset), Value::Int(record)) => {
            label(dataset, *record).unwrap_or_else(|| record.to_string())
        }
        (kind, Value::Int(number)) => kind.scale().map_or(number.to_string(), |scale| {
            decimal::format_decimal_short(*number, scale)
        }),
    }
}

/// A sentence in Chinese and English.
pub(super) type Words = (&'static str, &'static str);

/// Sentence and repair of the intake's own causes, in Chinese and English.
fn own_words(code: &str) -> (Words, Words) {
    if let Some(words) = outlines::words(code) {
        return words;
    }
    match code {
        "CELL-REQUIRED" => (
            ("“{field}”未填", "“{field}” is blank"),
            (
                "补填后重新导入；已在库的记录可留空，表示不改",
                "fill it in and import again; records already held may leave it blank",
            ),
        ),
        "CELL-INTEGER" => (
            ("“{field}”不是整数", "“{field}” is not a whole number"),
            (
                "改成不带单位、不带文字的整数",
                "write a whole number without unit or words",
            ),
        ),
        "CELL-DECIMAL" => (
            ("“{field}”不是数字", "“{field}” is not a number"),
            (
                "改成数字，单位写在表头",
                "write a number; the unit belongs in the header",
            ),
        ),
        "CELL-RANGE" => (
            ("“{field}”超出允许范围", "“{field}” is out of bounds"),
            (
                "核对数值和单位，常见原因是小数点丢失或单位不对",
                "check value and unit; often a decimal point was lost",
            ),
        ),
        "CELL-DATE" => (
            ("“{field}”不是有效日期", "“{field}” is not a date"),
            ("写成 2025-09-01", "write 2025-09-01"),
        ),
        "CELL-DATE-DOUBTFUL" => (
            (
                "“{field}”的月份分不清是 1 月还是 10 月(末尾的 0 可能已被表格软件去掉)",
                "the month of “{field}” may be 1 or, with its zero dropped by the spreadsheet, 10",
            ),
            ("写成 2015-01 或 2015-10", "write 2015-01 or 2015-10"),
        ),
        "CELL-MONTH" => (
            (
                "“{field}”只有年月，记为当月 1 日",
                "“{field}” has year and month only; it is taken as the 1st of the month",
            ),
            (
                "知道具体日期的补到日；不知道的不用改",
                "give the day where it is known; nothing to do where it is not",
            ),
        ),
        "CELL-BOOL" => (
            ("“{field}”应填是或否", "“{field}” must be yes or no"),
            ("填“是”或“否”", "write yes or no"),
        ),
        "CELL-CODE" => (
            ("“{field}”不在代码表中", "“{field}” is not in the code set"),
            (
                "按数据字典的代码或名称填写，或在对照文件中说明对应关系",
                "use a code or name of the dictionary, or map it in a mapping file",
            ),
        ),
        "CELL-CODE-AMBIGUOUS" => (
            ("“{field}”对应多个代码", "“{field}” fits several codes"),
            ("改填代码", "write the code"),
        ),
        "CELL-REFERENCE" => (
            ("“{field}”在库中找不到", "“{field}” is not held"),
            (
                "核对代码或名称；若是新增的，先导入它",
                "check code or name; if it is new, import it first",
            ),
        ),
        "CELL-REFERENCE-AMBIGUOUS" => (
            (
                "“{field}”有多个同名，无法判断是哪一个",
                "several records have the name given for “{field}”",
            ),
            (
                "改填代码，或补上所在市、县",
                "write the code, or add city and county",
            ),
        ),
        "CELL-LENGTH" => (
            ("“{field}”超长", "“{field}” is too long"),
            (
                "缩短，或核对是否串列",
                "shorten it, or check whether columns are shifted",
            ),
        ),
        "CELL-DAMAGED" => (
            (
                "“{field}”含有乱码(文件在别处转码时已损坏)",
                "“{field}” holds characters that were damaged before",
            ),
            (
                "从原始文件重新导出，或手工补正",
                "export again from the original, or correct by hand",
            ),
        ),
        "CELL-ERROR" => (
            (
                "“{field}”是表格软件的错误值，如 #REF!",
                "“{field}” holds an error value of the spreadsheet, such as #REF!",
            ),
            (
                "在表格中改正公式，或填入数值",
                "mend the formula in the spreadsheet, or write the value",
            ),
        ),
        "CELL-LOST-DIGITS" => (
            (
                "“{field}”超过 15 位且存成了数字，末尾几位已被表格软件改成 0",
                "“{field}” has more than 15 digits and was kept as a number; its last digits have become zeros",
            ),
            (
                "从原始来源重新录入，并先把该列设为文本格式",
                "enter it again from the source, in a column formatted as text",
            ),
        ),
        "ROW-FEATURE" => (
            ("图形要素不能使用", "the feature cannot be used"),
            (
                "按说明在制图软件中修正后重新导出",
                "mend it as told in the mapping program and export again",
            ),
        ),
        "ROW-RAGGED" => (
            (
                "该行的列数与表头不一致",
                "the row has more or fewer cells than the header",
            ),
            (
                "检查是否多了或少了分隔符，含分隔符的内容要加引号",
                "look for a missing or surplus separator; quote texts that hold one",
            ),
        ),
        "ROW-NO-KEY" => (
            (
                "无法判断这一行是哪条记录",
                "nothing in the row says which record it is",
            ),
            (
                "补上能识别记录的列",
                "fill the columns that identify the record",
            ),
        ),
        "ROW-DUPLICATE" => (
            (
                "与文件中前面的行重复",
                "the row repeats an earlier row of the file",
            ),
            (
                "只保留一行；若确是两所，补上标识码或区分名称",
                "keep one; if they are two, add codes or tell the names apart",
            ),
        ),
        "ROW-AMBIGUOUS" => (
            ("库中有多条记录可能是它", "several records could be meant"),
            (
                "在该行补上标识码(或其他能区分的列，如办学类型)后重新上传；仍分不清的从文件中去掉该行，打开要改的那一条直接更正",
                "add the code to the row (or another column that tells them apart, such as the type) and upload again; where that does not help take the row out of the file, open the record that is meant and correct it there",
            ),
        ),
        "CELL-TAKEN" => (
            (
                "“{field}”已被另一条记录使用，不得重复",
                "“{field}” is taken by another record and may not stand twice",
            ),
            (
                "对照批文核对；确属本条的，请上级教育局核查",
                "check it against the document; if it is right, ask the office above to look into it",
            ),
        ),
        "FIELD-OWNER" => (
            (
                "“{field}”不归本岗位维护，不能改动",
                "“{field}” is not kept by your post and cannot be changed",
            ),
            (
                "留空，或照库中的原值填写；确需改动的，由维护单位办理",
                "leave it blank or as it is held; where it must change, the office that keeps it does so",
            ),
        ),
        "FIELD-CLOSED" => (
            (
                "“{field}”在生效日期已停用，不收新的值",
                "“{field}” is closed on the effective day and takes no new values",
            ),
            (
                "留空；停用前的情况，把生效日期写成当时的日期",
                "leave it blank; for what held before, give the effective date of that time",
            ),
        ),
        "FIELD-NOT-YET" => (
            (
                "“{field}”在生效日期尚未启用",
                "“{field}” is not in use yet on the effective day",
            ),
            (
                "留空，或把生效日期改到启用之后",
                "leave it blank, or give a later effective date",
            ),
        ),
        "ROW-TAKEN" => (
            (
                "已有另一所学校(记录)使用这个标识码，或同名同址",
                "another record already has this code, or this name in this place",
            ),
            (
                "打开已有的那条更正；若确是两所，补上标识码或区分名称",
                "correct the one that is held; if they are two, add codes or tell the names apart",
            ),
        ),
        "ROW-OUT-OF-REACH" => (
            ("不在您的管辖范围内", "the row is outside your scope"),
            ("由所属教育局导入", "its own office must import it"),
        ),
        "CELL-SUPERSEDED" => (
            (
                "“{field}”用的是已废止的代码，已按现行代码处理",
                "“{field}” uses a code no longer in force; the one in force was taken",
            ),
            (
                "请更新来源系统的代码表",
                "update the code table of the source",
            ),
        ),
        _ => (
            ("该行有误", "the row is at fault"),
            ("核对后重新导入", "check it and import again"),
        ),
    }
}
