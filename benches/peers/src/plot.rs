//! The picture of the report: pairs and steps, everybody in one row of panels, on a logarithmic scale.

use crate::report::{Report, Row};
use plotters::coord::Shift;
use plotters::prelude::{
    BLACK, BitMapBackend, ChartBuilder, DrawingArea, DrawingBackend, IntoDrawingArea, IntoFont, IntoLogRange,
    RGBColor, Rectangle, SVGBackend, Text, WHITE,
};
use plotters::style::{Color, FontStyle, register_font};
use std::path::Path;

const SIZE: (u32, u32) = (1_500, 860);
const OURS: RGBColor = RGBColor(200, 60, 40);
const PEER: RGBColor = RGBColor(120, 135, 150);

/// Writes `kernel.svg` and `kernel.png`.
pub fn write(report: &Report, folder: &Path) -> Result<(), String> {
    register_font("sans-serif", FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT)
        .map_err(|_| "the font of the plot cannot be read".to_owned())?;
    let svg = folder.join("kernel.svg");
    draw(report, &SVGBackend::new(&svg, SIZE).into_drawing_area())?;
    let png = folder.join("kernel.png");
    draw(report, &BitMapBackend::new(&png, SIZE).into_drawing_area())
}

/// Panels of the picture: section, first word of the workload, title.
const PANELS: [(&str, &str, &str); 4] = [
    ("pairs", "uniform", "all pairs, uniform"),
    ("pairs", "battle", "all pairs, battle"),
    ("step", "uniform", "whole step, uniform"),
    ("step", "battle", "whole step, battle"),
];

fn draw<B: DrawingBackend>(report: &Report, area: &DrawingArea<B, Shift>) -> Result<(), String> {
    area.fill(&WHITE).map_err(|error| error.to_string())?;
    let title = format!(
        "10,000 characters, everybody moving, one thread: nanoseconds an entity a tick ({}, {})",
        report.machine.processor, report.machine.date
    );
    let area = area.titled(&title, ("sans-serif", 22)).map_err(|error| error.to_string())?;
    for (panel, (section, layout, title)) in area.split_evenly((2, 2)).iter().zip(PANELS) {
        let mut rows: Vec<&Row> = report
            .rows
            .iter()
            .filter(|row| row.section == section && row.count == 10_000 && row.workload.starts_with(layout))
            .collect();
        rows.sort_by(|a, b| a.value.total_cmp(&b.value));
        if !rows.is_empty() {
            bars(panel, title, &rows)?;
        }
    }
    area.present().map_err(|error| error.to_string())
}

/// Horizontal bars with their names and figures beside them.
fn bars<B: DrawingBackend>(panel: &DrawingArea<B, Shift>, title: &str, rows: &[&Row]) -> Result<(), String> {
    let most = rows.iter().map(|row| row.value).fold(10.0, f64::max) * 90.0;
    let count = rows.len() as f64;
    let mut chart = ChartBuilder::on(panel)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(28)
        .build_cartesian_2d((1.0..most).log_scale(), 0.0..count)
        .map_err(|error| error.to_string())?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .x_label_style(("sans-serif", 13))
        .x_label_formatter(&|value| format!("{value:.0}"))
        .draw()
        .map_err(|error| error.to_string())?;
    let bar = |(at, row): (usize, &&Row)| {
        let (top, bottom) = (count - at as f64 - 0.15, count - at as f64 - 0.85);
        let color = if row.ours { OURS } else { PEER };
        Rectangle::new([(1.0, bottom), (row.value.max(1.01), top)], color.filled())
    };
    chart.draw_series(rows.iter().enumerate().map(bar)).map_err(|error| error.to_string())?;
    let label = |(at, row): (usize, &&Row)| {
        let text = format!("{:.1}  {}  {}", row.value, row.who, row.note);
        let place = (row.value.max(1.01) * 1.08, count - at as f64 - 0.22);
        Text::new(text, place, ("sans-serif", 14).into_font().color(&BLACK))
    };
    chart.draw_series(rows.iter().enumerate().map(label)).map_err(|error| error.to_string())?;
    Ok(())
}
