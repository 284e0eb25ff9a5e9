//! The library's errors with their codes, as docs/errors.md lists them.

use linksdk_hal::error::Error;
use linksdk_hal::state;

/// The code, for example `-0x0F06`.
pub(crate) fn code(error: &Error) -> String {
    format!("-0x{:04X}", -error.kind().state_code())
}

/// Its name, for example `TLS_SERVER_CERTIFICATE`.
pub(crate) fn name(error: &Error) -> &'static str {
    let code = error.kind().state_code();
    state::ALL.iter().find(|(_, known)| *known == code).map_or("", |(name, _)| name)
}

/// What the library says, with its code.
pub(crate) fn sentence(error: &Error) -> String {
    format!("{} ({} {})", error.detail(), code(error), name(error))
}
