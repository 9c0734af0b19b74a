//! What can stop the reading of a file. Each error has a stable code and says, in Chinese and
//! in English, what is wrong, where, and what to do. None carries a cell's content, except the
//! names of sheets.

use super::TextEncoding;

/// Why a file could not be read. Nothing of it has been taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// The file is not there or may not be read.
    Unreadable {
        /// What the operating system says.
        detail: String,
    },
    /// No bytes, or blanks only.
    Empty,
    /// More bytes than allowed.
    TooLarge {
        /// Size of the file.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// More rows than allowed.
    TooManyRows {
        /// The limit.
        limit: u64,
    },
    /// More cells than allowed.
    TooManyCells {
        /// The limit.
        limit: u64,
    },
    /// A row with more columns than allowed.
    TooManyColumns {
        /// The row, counted as a spreadsheet program does.
        row: u64,
        /// The limit.
        limit: u32,
    },
    /// A compressed file that would become too large, or says so in an absurd way.
    ExpandsTooFar {
        /// The limit in bytes.
        limit: u64,
    },
    /// A kind of file that holds no table, or that cannot be read.
    OtherKind {
        /// What it is.
        found: OtherKind,
    },
    /// UTF-32, which no office program writes.
    Utf32,
    /// Not text in any encoding, not a workbook.
    NotText {
        /// Where the first byte is that text does not have.
        byte: u64,
    },
    /// Bytes that are not text in the encoding of the rest.
    BadBytes {
        /// The encoding of the rest.
        encoding: TextEncoding,
        /// Offset of the first wrong byte, counted from 0.
        byte: u64,
        /// Its line, counted from 1.
        line: u64,
    },
    /// A quotation mark that is never closed, or closed in the middle of a later row.
    UnclosedQuote {
        /// The row where it opens, counted as a spreadsheet program does.
        row: u64,
        /// Its line, counted from 1.
        line: u64,
    },
    /// A workbook that is cut off or damaged.
    DamagedWorkbook {
        /// What the reader says, in English.
        detail: String,
    },
    /// A workbook that needs a password.
    Encrypted,
    /// A workbook with macros. Nothing here runs them, and nobody needs them to hand in a table.
    Macros,
    /// No sheet has the name that was asked for.
    NoSuchSheet {
        /// The name asked for.
        name: String,
        /// The names there are.
        present: Vec<String>,
    },
    /// JSON that cannot be read.
    DamagedJson {
        /// Line, counted from 1.
        line: u64,
        /// Column, counted from 1.
        column: u64,
    },
    /// JSON that is neither a feature collection nor a list of records.
    JsonWithoutRecords,
    /// GeoJSON in projected coordinates.
    Projected {
        /// The name of the coordinate system in the file.
        crs: String,
    },
}

/// Kinds of file that people upload by mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherKind {
    /// PDF.
    Pdf,
    /// An archive: zip without a workbook in it, rar, 7z, gzip.
    Archive,
    /// A picture.
    Picture,
    /// An HTML page, often named `.xls`.
    WebPage,
    /// XML, such as the XML spreadsheets of 2003, KML and OSM.
    Xml,
    /// A word-processor document.
    Document,
}

impl OtherKind {
    const fn zh(self) -> &'static str {
        match self {
            OtherKind::Pdf => "PDF 文件",
            OtherKind::Archive => "压缩包",
            OtherKind::Picture => "图片",
            OtherKind::WebPage => "网页（有些系统把网页导出为 .xls）",
            OtherKind::Xml => "XML 文件",
            OtherKind::Document => "文字文档",
        }
    }

    const fn en(self) -> &'static str {
        match self {
            OtherKind::Pdf => "a PDF file",
            OtherKind::Archive => "an archive",
            OtherKind::Picture => "a picture",
            OtherKind::WebPage => "a web page (some systems export web pages named .xls)",
            OtherKind::Xml => "an XML file",
            OtherKind::Document => "a text document",
        }
    }
}

impl ReadError {
    /// Stable code in kebab case.
    pub const fn code(&self) -> &'static str {
        match self {
            ReadError::Unreadable { .. } => "file-unreadable",
            ReadError::Empty => "file-empty",
            ReadError::TooLarge { .. } => "file-too-large",
            ReadError::TooManyRows { .. } => "file-too-many-rows",
            ReadError::TooManyCells { .. } => "file-too-many-cells",
            ReadError::TooManyColumns { .. } => "file-too-many-columns",
            ReadError::ExpandsTooFar { .. } => "file-expands-too-far",
            ReadError::OtherKind { .. } => "file-other-kind",
            ReadError::Utf32 => "file-utf-32",
            ReadError::NotText { .. } => "file-not-text",
            ReadError::BadBytes { .. } => "file-bad-bytes",
            ReadError::UnclosedQuote { .. } => "file-unclosed-quote",
            ReadError::DamagedWorkbook { .. } => "file-damaged-workbook",
            ReadError::Encrypted => "file-encrypted",
            ReadError::Macros => "file-macros",
            ReadError::NoSuchSheet { .. } => "file-no-such-sheet",
            ReadError::DamagedJson { .. } => "file-damaged-json",
            ReadError::JsonWithoutRecords => "file-json-without-records",
            ReadError::Projected { .. } => "file-projected",
        }
    }

    /// What is wrong, where, and what to do, in Chinese.
    pub fn zh(&self) -> String {
        match self {
            ReadError::Unreadable { detail } => {
                format!("文件打不开({detail})。请核对路径和读取权限后重试。")
            }
            ReadError::Empty => "文件是空的。请选择有内容的文件。".to_owned(),
            ReadError::TooLarge { bytes, limit } => format!(
                "文件有 {}，超过上限 {}。请拆成几个文件分别导入。",
                mebibytes(*bytes),
                mebibytes(*limit)
            ),
            ReadError::TooManyRows { limit } => {
                format!("文件超过 {limit} 行。请拆成几个文件分别导入。")
            }
            ReadError::TooManyCells { limit } => {
                format!("文件超过 {limit} 个单元格。请删去不用的列，或拆成几个文件分别导入。")
            }
            ReadError::TooManyColumns { row, limit } => {
                format!("第 {row} 行超过 {limit} 列。请核对分隔符，或删去不用的列。")
            }
            ReadError::ExpandsTooFar { limit } => format!(
                "文件解压后超过 {}。请用 Excel 或 WPS 打开，只保留需要的工作表，另存后重新上传。",
                mebibytes(*limit)
            ),
            ReadError::OtherKind { found } => format!(
                "这是{}，不能当作表格读取。请用 Excel 或 WPS 另存为 .xlsx 或 .csv 后重新上传。",
                found.zh()
            ),
            ReadError::Utf32 => {
                "文件是 UTF-32 编码，不能读取。请另存为 UTF-8 编码后重新上传。".to_owned()
            }
            ReadError::NotText { byte } => format!(
                "文件第 {byte} 字节起不是文字，也不是能识别的表格格式。请用 Excel 或 WPS 另存为 .xlsx 或 .csv 后重新上传。"
            ),
            ReadError::BadBytes {
                encoding,
                byte,
                line,
            } => format!(
                "文件按 {encoding} 编码读到第 {line} 行（第 {byte} 字节）时出现不能识别的内容，文件可能被截断或混用了编码。请用原程序重新导出，或另存为 UTF-8 编码后重新上传。"
            ),
            ReadError::UnclosedQuote { row, line } => format!(
                "第 {row} 行（文件第 {line} 行）有一个引号没有配对，其后的内容无法分列。请补上或删去这个引号后重新上传。"
            ),
            ReadError::DamagedWorkbook { detail } => format!(
                "工作簿不完整或已损坏({})。请用 Excel 或 WPS 打开，确认内容后另存，再重新上传。",
                damage_zh(detail)
            ),
            ReadError::Encrypted => {
                "工作簿设有打开密码。请在 Excel 或 WPS 中取消密码后重新上传。".to_owned()
            }
            ReadError::Macros => {
                "工作簿含有宏。请用 Excel 或 WPS 另存为不含宏的 .xlsx 后重新上传。".to_owned()
            }
            ReadError::NoSuchSheet { name, present } => format!(
                "没有名为“{name}”的工作表，文件中有：{}。请核对工作表名称。",
                present.join("、")
            ),
            ReadError::DamagedJson { line, column } => format!(
                "JSON 文件在第 {line} 行第 {column} 列处不完整或写法有误。请用原程序重新导出。"
            ),
            ReadError::JsonWithoutRecords => {
                "JSON 文件里没有记录：应为 GeoJSON 要素集合，或由记录组成的数组。请核对导出方式。"
                    .to_owned()
            }
            ReadError::Projected { crs } => format!(
                "文件声明的坐标系为 {crs}，不是经纬度。请在制图软件中转换为 CGCS2000 或 WGS 84 经纬度后重新导出。"
            ),
        }
    }

    /// What is wrong, where, and what to do, in English.
    pub fn en(&self) -> String {
        match self {
            ReadError::Unreadable { detail } => {
                format!("the file cannot be opened ({detail}); check its path and permissions")
            }
            ReadError::Empty => "the file is empty; choose one with content".to_owned(),
            ReadError::TooLarge { bytes, limit } => format!(
                "the file has {} and the limit is {}; split it and import the parts",
                mebibytes(*bytes),
                mebibytes(*limit)
            ),
            ReadError::TooManyRows { limit } => {
                format!("the file has more than {limit} rows; split it and import the parts")
            }
            ReadError::TooManyCells { limit } => format!(
                "the file has more than {limit} cells; remove columns that are not needed or split it"
            ),
            ReadError::TooManyColumns { row, limit } => format!(
                "row {row} has more than {limit} columns; check the delimiter or remove columns"
            ),
            ReadError::ExpandsTooFar { limit } => format!(
                "the file would expand beyond {}; keep only the sheet that is needed and save it again",
                mebibytes(*limit)
            ),
            ReadError::OtherKind { found } => format!(
                "this is {} and not a table; save it as .xlsx or .csv and upload that",
                found.en()
            ),
            ReadError::Utf32 => "the file is in UTF-32; save it as UTF-8".to_owned(),
            ReadError::NotText { byte } => format!(
                "from byte {byte} on the file is neither text nor a known table format; save it as .xlsx or .csv"
            ),
            ReadError::BadBytes { encoding, byte, line } => format!(
                "read as {encoding}, the file has bytes that are no text on line {line} (byte {byte}); it may be cut off or mix encodings; export it again or save it as UTF-8"
            ),
            ReadError::UnclosedQuote { row, line } => format!(
                "row {row} (line {line}) has a quotation mark without its partner; add or remove it"
            ),
            ReadError::DamagedWorkbook { detail } => format!(
                "the workbook is incomplete or damaged ({detail}); open it, check it and save it again"
            ),
            ReadError::Encrypted => {
                "the workbook needs a password; remove the password and save it again".to_owned()
            }
            ReadError::Macros => {
                "the workbook holds macros; save it as .xlsx without macros and upload that"
                    .to_owned()
            }
            ReadError::NoSuchSheet { name, present } => {
                format!("there is no sheet named \"{name}\"; the file has: {}", present.join(", "))
            }
            ReadError::DamagedJson { line, column } => format!(
                "the JSON is incomplete or malformed at line {line}, column {column}; export it again"
            ),
            ReadError::JsonWithoutRecords => {
                "the JSON holds no records; it should be a GeoJSON feature collection or an array of records"
                    .to_owned()
            }
            ReadError::Projected { crs } => format!(
                "the file says its coordinates are in {crs}, not in degrees; convert it to longitude and latitude (CGCS2000 or WGS 84)"
            ),
        }
    }
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.en())
    }
}

impl std::error::Error for ReadError {}

/// What the reader says of a workbook, in Chinese where the words are its own.
fn damage_zh(detail: &str) -> &str {
    match detail {
        "the list of contents at its end is missing" => "文件末尾的目录缺失，可能没有下载完",
        "it is packed in a way that workbooks are not" => "压缩方式不是工作簿所用的",
        "an entry lies outside the file" => "有一部分超出了文件末尾",
        "an entry cannot be unpacked" => "有一部分不能解压",
        "the reader had to stop" => "读到中途无法继续",
        other => other,
    }
}

fn mebibytes(bytes: u64) -> String {
    const MEBIBYTE: u64 = 1 << 20;
    if bytes < MEBIBYTE {
        return format!("{bytes} B");
    }
    let tenths = bytes.saturating_mul(10) / MEBIBYTE;
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}
