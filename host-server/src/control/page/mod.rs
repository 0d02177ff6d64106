//! The files of the live page, as text inside the binary: nothing is read from disk, nothing is built.
//!
//! Here: the list of files with the path and the content type each is served under, and the content security
//! policy that goes with them. Not here: the routes and the feed (their room is `control`).

/// One file of the live page.
#[derive(Clone, Copy, Debug)]
pub struct PageFile {
    /// Path in the URL, with its leading slash. The document itself is at `/`.
    pub path: &'static str,
    /// Value of the `Content-Type` header.
    pub content_type: &'static str,
    /// The whole body.
    pub text: &'static str,
}

/// Value of the `Content-Security-Policy` header: the page loads its own files, talks to its own host, and nothing
/// else. The favicon is the only `data:` resource.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Every file of the page. A host serves exactly these paths.
pub const FILES: [PageFile; 23] = [
    PageFile { path: "/", content_type: HTML, text: include_str!("index.html") },
    PageFile { path: "/page.css", content_type: CSS, text: include_str!("page.css") },
    PageFile { path: "/page.js", content_type: SCRIPT, text: include_str!("page.js") },
    PageFile { path: "/feed.js", content_type: SCRIPT, text: include_str!("feed.js") },
    PageFile { path: "/motion.js", content_type: SCRIPT, text: include_str!("motion.js") },
    PageFile { path: "/camera.js", content_type: SCRIPT, text: include_str!("camera.js") },
    PageFile { path: "/controls.js", content_type: SCRIPT, text: include_str!("controls.js") },
    PageFile { path: "/terrain.js", content_type: SCRIPT, text: include_str!("terrain.js") },
    PageFile { path: "/sprites.js", content_type: SCRIPT, text: include_str!("sprites.js") },
    PageFile { path: "/marks.js", content_type: SCRIPT, text: include_str!("marks.js") },
    PageFile { path: "/field.js", content_type: SCRIPT, text: include_str!("field.js") },
    PageFile { path: "/charts.js", content_type: SCRIPT, text: include_str!("charts.js") },
    PageFile { path: "/panel.js", content_type: SCRIPT, text: include_str!("panel.js") },
    PageFile { path: "/hello.js", content_type: SCRIPT, text: include_str!("hello.js") },
    PageFile { path: "/frames.js", content_type: SCRIPT, text: include_str!("frames.js") },
    PageFile { path: "/theme.js", content_type: SCRIPT, text: include_str!("theme.js") },
    PageFile { path: "/blasts.js", content_type: SCRIPT, text: include_str!("blasts.js") },
    PageFile { path: "/structures.js", content_type: SCRIPT, text: include_str!("structures.js") },
    PageFile { path: "/objectives.js", content_type: SCRIPT, text: include_str!("objectives.js") },
    PageFile { path: "/projectiles.js", content_type: SCRIPT, text: include_str!("projectiles.js") },
    PageFile { path: "/status.js", content_type: SCRIPT, text: include_str!("status.js") },
    PageFile { path: "/props.js", content_type: SCRIPT, text: include_str!("props.js") },
    PageFile { path: "/combat.js", content_type: SCRIPT, text: include_str!("combat.js") },
];
