//! What several fuzz targets share.

pub mod memory;
pub mod planted;
