//! A triangle model from an OBJ file: all its objects as one mesh, in metres, y up. Materials are not read.

use std::path::Path;

use shieldwall_core::spatial::obstacles::{Mesh, SceneryError};

use crate::{SceneryFileError, position};

/// Reads a model: the mesh, and how many triangles without area were left out.
pub(crate) fn read(
    name: &str,
    mut bytes: &[u8],
    drop_degenerate: bool,
) -> Result<(Mesh, usize), SceneryFileError> {
    let wrong = |what: String| SceneryFileError::Invalid(format!("{name}: {what}"));
    let options =
        tobj::LoadOptions { triangulate: true, single_index: true, ignore_points: true, ignore_lines: true };
    let no_materials = |_: &Path| Ok(Default::default());
    let (models, _) =
        tobj::load_obj_buf(&mut bytes, &options, no_materials).map_err(|error| wrong(error.to_string()))?;
    let (mut vertices, mut triangles) = (Vec::new(), Vec::new());
    for model in &models {
        let first = vertices.len() as u32;
        for (number, vertex) in model.mesh.positions.as_chunks::<3>().0.iter().enumerate() {
            let far = || wrong(format!("object {}: vertex {number} is beyond 32767 m", model.name));
            vertices.push(position(*vertex).ok_or_else(far)?);
        }
        let corners = model.mesh.indices.as_chunks::<3>().0;
        triangles.extend(corners.iter().map(|corners| corners.map(|vertex| first + vertex)));
    }
    let all = triangles.len();
    if drop_degenerate {
        triangles.retain(|corners: &[u32; 3]| {
            let at = corners.map(|vertex| vertices.get(vertex as usize).copied().unwrap_or_default());
            let alone = Mesh::new(at.to_vec(), vec![[0, 1, 2]]);
            !matches!(alone, Err(SceneryError::DegenerateTriangle { .. }))
        });
    }
    let dropped = all - triangles.len();
    let mesh = Mesh::new(vertices, triangles).map_err(|error| {
        let hint = match error {
            SceneryError::DegenerateTriangle { .. } => "; --drop-degenerate leaves such triangles out",
            _ => "",
        };
        wrong(format!("{error}{hint}"))
    })?;
    Ok((mesh, dropped))
}
