//! Why a server's certificate is not accepted, as sentences for the person on the bench. The words
//! are the same for every engine.
#![forbid(unsafe_code)]

use crate::error::{Error, ErrorKind};

/// What is wrong with a server's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The validity has ended.
    Expired,
    /// The validity has not begun.
    NotValidYet,
    /// No chain leads to a trust anchor.
    UnknownIssuer,
    /// It carries other names.
    OtherName {
        /// What was dialled.
        expected: String,
        /// What the certificate carries.
        presented: String,
    },
    /// Its usages do not include servers, or a CA's certificate was presented as a server's.
    Purpose,
    /// It cannot be read.
    Malformed,
    /// Its signature does not fit.
    Signature,
    /// Key or signature algorithm are too weak.
    Weak,
    /// The server sent none.
    None,
    /// Something else, a clause.
    Other(String),
}

impl Refusal {
    /// The error that the refusal becomes.
    pub fn error(&self) -> Error {
        let clause = match self {
            Self::Expired => "it has expired, or the device's clock is wrong".to_owned(),
            Self::NotValidYet => "it is not valid yet, or the device's clock is wrong".to_owned(),
            Self::UnknownIssuer => {
                "no certificate of ca_crt issued it, or an intermediate is missing".to_owned()
            }
            Self::OtherName { expected, presented } => {
                format!("it is for {presented}, not for {expected}")
            }
            Self::Purpose => "it is not meant for servers".to_owned(),
            Self::Malformed => "it is malformed".to_owned(),
            Self::Signature => "its signature is wrong".to_owned(),
            Self::Weak => {
                "its key or its signature algorithm is too weak or not supported".to_owned()
            }
            Self::None => "it sent none".to_owned(),
            Self::Other(clause) => clause.clone(),
        };
        let detail = format!("the server's certificate was refused: {clause}");
        Error::new(ErrorKind::ServerCertificate, detail)
    }
}
