//! Arguments made from the input.

use arbitrary::{Result, Unstructured};
use linksdk_hal::ffi::mqtt;
use linksdk_hal::ffi::surroundings::EventFunction;
use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr::{null, null_mut, without_provenance_mut};

/// A C string without a byte behind its NUL, or NULL.
pub struct Text(pub Option<CString>);

impl Text {
    /// NULL when there is none.
    pub fn pointer(&self) -> *const c_char {
        self.0.as_ref().map_or(null(), |text| text.as_ptr())
    }
}

/// Some text that means something, many times one byte, or anything.
pub fn text(input: &mut Unstructured<'_>) -> Result<Text> {
    const KNOWN: [&str; 8] =
        ["", "127.0.0.1", "::1", "a1AbCdEfGhI", "/a/b", "/a/+", "-----BEGIN X-----", "%s%n"];
    let bytes = match input.int_in_range(0..=5u8)? {
        0 => return Ok(Text(None)),
        1 => (*input.choose(&KNOWN)?).into(),
        2 => vec![input.arbitrary::<u8>()?; usize::from(input.arbitrary::<u8>()?)],
        _ => {
            let length = usize::from(input.arbitrary::<u8>()?).min(input.len());
            input.bytes(length)?.to_vec()
        }
    };
    let bytes = bytes.into_iter().filter(|byte| *byte != 0).collect::<Vec<_>>();
    Ok(Text(CString::new(bytes).ok()))
}

/// A host that no name server is asked for: a literal, or what cannot be a name.
pub fn host(input: &mut Unstructured<'_>) -> Result<Text> {
    let mut text = text(input)?;
    if let Some(given) = &text.0 {
        let is_literal = matches!(given.to_bytes(), b"127.0.0.1" | b"::1" | b"");
        if !is_literal {
            text.0 = CString::new([b"!", given.to_bytes()].concat()).ok();
        }
    }
    Ok(text)
}

/// A buffer of its size, and the length that is told: no longer, or negative.
pub fn buffer(input: &mut Unstructured<'_>) -> Result<(Box<[u8]>, c_int)> {
    let size = usize::from(input.arbitrary::<u8>()?);
    let told = match input.int_in_range(0..=7u8)? {
        0 => -1,
        1 => c_int::MIN,
        _ => size as c_int,
    };
    Ok((vec![b'x'; size].into(), told))
}

/// 0, a number that may name something, or one that cannot.
pub fn handle(input: &mut Unstructured<'_>) -> Result<usize> {
    Ok(match input.int_in_range(0..=3u8)? {
        0 => 0,
        1 => input.int_in_range(0..=300)?,
        2 => input.int_in_range(0..=0x7fff_ffff)?,
        _ => input.arbitrary()?,
    })
}

/// One that was returned, or any number.
pub fn returned(input: &mut Unstructured<'_>, known: &[*mut c_void]) -> Result<*mut c_void> {
    match (input.arbitrary()?, known.is_empty()) {
        (true, false) => Ok(*input.choose(known)?),
        _ => Ok(without_provenance_mut(handle(input)?)),
    }
}

/// `iotx_mqtt_param_t` of the Link SDK.
#[repr(C)]
struct Parameters {
    port: u16,
    texts: [*const c_char; 6],
    clean_session: u8,
    numbers: [u32; 4],
    function: Option<EventFunction>,
    context: *mut c_void,
}

/// Makes a client of a host that cannot be one: with any other, also with none, it would ask the network.
pub fn construct(input: &mut Unstructured<'_>) -> Result<*mut c_void> {
    let given = text(input)?.0.unwrap_or_default();
    let host = CString::new([b"!", given.as_bytes()].concat()).ok();
    let texts = [Text(host), text(input)?, text(input)?, text(input)?, text(input)?, text(input)?];
    let parameters = Box::new(Parameters {
        port: input.arbitrary()?,
        texts: texts.each_ref().map(Text::pointer),
        clean_session: input.arbitrary()?,
        numbers: input.arbitrary()?,
        function: None,
        context: null_mut(),
    });
    // SAFETY: the structure of the Link SDK, initialised, with C strings or NULL.
    Ok(unsafe { mqtt::iot_mqtt_construct((&raw const *parameters).cast()) })
}
