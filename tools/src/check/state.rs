//! The library's errors with their codes, as docs/errors.md lists them.

use linksdk_hal::error::Error;
use linksdk_hal::state;

/// The code and its name, for example `-0x0F06 TLS_SERVER_CERTIFICATE`.
pub(crate) fn code(error: &Error) -> String {
    let code = error.kind().state_code();
    let name = state::ALL.iter().find(|(_, known)| *known == code).map_or("", |(name, _)| name);
    format!("-0x{:04X} {name}", -code)
}

/// What the library says, with its code.
pub(crate) fn sentence(error: &Error) -> String {
    format!("{} ({})", error.detail(), code(error))
}
