//! What `/metrics` shows, in the OpenMetrics text format that Prometheus reads.
//!
//! It stays true that no label can hold what a person wrote or an id: routes are the router's own patterns.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use kairan_storage::{LaneCounts, Store};
use kairan_talk::files::FileCounts;
use kairan_talk::search::Lag;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// One kind of request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: &'static str,
    route: String,
    status: u16,
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

/// The counters of one server. Cloning gives another handle to the same counters.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<Request, Counter>,
    latency: Family<Route, Histogram, fn() -> Histogram>,
    /// Open network connections.
    pub connections: Gauge,
    /// Open gateway sockets.
    pub sockets: Gauge,
    /// Sockets closed because the reader was too slow (R78).
    pub sockets_too_slow: Counter,
    /// Notifications that push services took.
    pub push_sent: Counter,
    /// Tries that came to nothing.
    pub push_failed: Counter,
    /// Notifications given up, or left out because too many waited.
    pub push_dropped: Counter,
    /// Summary mails that the mail server took.
    pub mail_sent: Counter,
    /// Summary mails that it did not.
    pub mail_failed: Counter,
    /// Set from storage's own counters when the page is asked for.
    journal: JournalCounters,
    store: Arc<OnceLock<Store>>,
    search: SearchGauges,
    index: Arc<OnceLock<Arc<Lag>>>,
    /// Set from the files' own counters when the page is asked for.
    file_bytes: FileCounters,
    files: Arc<OnceLock<Arc<FileCounts>>>,
}

/// How far the search index is behind the journal.
#[derive(Clone, Default)]
struct SearchGauges {
    events: Gauge,
    seconds: Gauge<f64, AtomicU64>,
}

/// What talk counts of files.
#[derive(Clone, Default)]
struct FileCounters {
    received: Counter,
    served: Counter,
    waiting: Gauge,
}

/// What storage counts. Jobs divided by transactions is how many share one commit.
#[derive(Clone, Default)]
struct JournalCounters {
    events: Counter,
    jobs: Counter,
    transactions: Counter,
}

/// Seconds; a page is quick below 0.1 and slow above 1.
const LATENCY: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

impl Metrics {
    /// Fresh counters.
    #[must_use]
    pub fn new(version: &'static str) -> Self {
        let latency: fn() -> Histogram = || Histogram::new(LATENCY);
        let mut metrics = Self {
            registry: Arc::default(),
            requests: Family::default(),
            latency: Family::new_with_constructor(latency),
            connections: Gauge::default(),
            sockets: Gauge::default(),
            sockets_too_slow: Counter::default(),
            push_sent: Counter::default(),
            push_failed: Counter::default(),
            push_dropped: Counter::default(),
            mail_sent: Counter::default(),
            mail_failed: Counter::default(),
            journal: JournalCounters::default(),
            store: Arc::default(),
            search: SearchGauges::default(),
            index: Arc::default(),
            file_bytes: FileCounters::default(),
            files: Arc::default(),
        };
        let mut registry = Registry::with_prefix("kairan");
        registry.register("build", "The running version", Info::new([("version", version)]));
        registry.register("http_requests", "Requests answered", metrics.requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time to answer",
            Unit::Seconds,
            metrics.latency.clone(),
        );
        registry.register("connections", "Open network connections", metrics.connections.clone());
        registry.register("gateway_sockets", "Open gateway sockets", metrics.sockets.clone());
        registry.register(
            "gateway_too_slow",
            "Gateway sockets closed because the reader was too slow",
            metrics.sockets_too_slow.clone(),
        );
        for (name, help, counter) in [
            ("push_sent", "Notifications that push services took", &metrics.push_sent),
            ("push_failed", "Tries to notify that came to nothing", &metrics.push_failed),
            ("push_dropped", "Notifications given up or left out", &metrics.push_dropped),
            ("mail_sent", "Summary mails that the mail server took", &metrics.mail_sent),
            ("mail_failed", "Summary mails that it did not take", &metrics.mail_failed),
        ] {
            registry.register(name, help, counter.clone());
        }
        let JournalCounters { events, jobs, transactions } = metrics.journal.clone();
        registry.register("journal_events", "Events appended to the journal", events);
        registry.register("lane_jobs", "Write jobs committed", jobs);
        registry.register("lane_transactions", "Transactions that carried them", transactions);
        let SearchGauges { events, seconds } = metrics.search.clone();
        registry.register(
            "search_behind_events",
            "Events of the journal that are not in the search index",
            events,
        );
        registry.register_with_unit(
            "search_behind",
            "Age of the oldest event that is not in the search index",
            Unit::Seconds,
            seconds,
        );
        let FileCounters { received, served, waiting } = metrics.file_bytes.clone();
        registry.register_with_unit("file_received", "Bytes of files received", Unit::Bytes, received);
        registry.register_with_unit("file_served", "Bytes of files served", Unit::Bytes, served);
        registry.register("files_waiting", "Files that wait for the virus scanner", waiting);
        metrics.registry = Arc::new(registry);
        metrics
    }

    /// Counts one answered request.
    pub fn answered(&self, method: &axum::http::Method, route: &str, status: u16, took: Duration) {
        let request = Request { method: known(method), route: route.to_owned(), status };
        self.requests.get_or_create(&request).inc();
        self.latency.get_or_create(&Route { route: route.to_owned() }).observe(took.as_secs_f64());
    }

    /// Shows what this store counts, from now on.
    pub fn follow(&self, store: Store) {
        // One server has one store; a second call changes nothing.
        let _already_set = self.store.set(store);
    }

    /// Shows how far this search index is behind, from now on.
    pub fn follow_search(&self, index: Arc<Lag>) {
        let _already_set = self.index.set(index);
    }

    /// Shows what these count, from now on.
    pub fn follow_files(&self, counts: Arc<FileCounts>) {
        // One server has one; a second call changes nothing.
        let _already_set = self.files.set(counts);
    }

    fn take_over_files(&self, counts: &FileCounts) {
        let FileCounters { received, served, waiting } = &self.file_bytes;
        received.inner().store(counts.bytes_in.load(Ordering::Relaxed), Ordering::Relaxed);
        served.inner().store(counts.bytes_out.load(Ordering::Relaxed), Ordering::Relaxed);
        waiting.set(i64::try_from(counts.waiting.load(Ordering::Relaxed)).unwrap_or(i64::MAX));
    }

    fn take_over(&self, lanes: &LaneCounts) {
        for (counter, counted) in [
            (&self.journal.events, &lanes.events),
            (&self.journal.jobs, &lanes.jobs),
            (&self.journal.transactions, &lanes.batches),
        ] {
            counter.inner().store(counted.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }

    /// The page.
    #[must_use]
    pub fn page(&self) -> String {
        if let Some(store) = self.store.get() {
            self.take_over(store.counts());
            if let Some(index) = self.index.get() {
                self.search.events.set(index.events());
                let ms = index.ms(store.surroundings().now());
                self.search.seconds.set(Duration::from_millis(u64::try_from(ms).unwrap_or(0)).as_secs_f64());
            }
        }
        if let Some(counts) = self.files.get() {
            self.take_over_files(counts);
        }
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
            // Writing to a String cannot fail; an encoder bug must not take the page down with a panic.
            let _infallible = writeln!(text, "# the metrics could not be written");
        }
        text
    }
}

/// A caller may invent methods; each would be a new label for ever.
fn known(method: &axum::http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        "CONNECT" => "CONNECT",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use super::*;

    #[test]
    fn requests_are_counted_by_route_and_status() {
        let metrics = Metrics::new("9.9.9");
        let odd = Method::from_bytes(b"BREW").expect("a token");
        metrics.answered(&Method::GET, "/api/v1/rooms/{room}", 200, Duration::from_millis(3));
        metrics.answered(&Method::GET, "/api/v1/rooms/{room}", 200, Duration::from_millis(3));
        metrics.answered(&odd, "client", 405, Duration::from_millis(3));
        let lanes = LaneCounts::default();
        lanes.jobs.store(12, Ordering::Relaxed);
        metrics.take_over(&lanes);
        let page = metrics.page();
        for line in [
            "kairan_build_info{version=\"9.9.9\"} 1",
            "kairan_http_requests_total{method=\"GET\",route=\"/api/v1/rooms/{room}\",status=\"200\"} 2",
            "kairan_http_requests_total{method=\"other\",route=\"client\",status=\"405\"} 1",
            "kairan_http_request_duration_seconds_bucket{le=\"0.005\",route=\"/api/v1/rooms/{room}\"} 2",
            "kairan_lane_jobs_total 12",
            "kairan_gateway_sockets 0",
        ] {
            assert!(page.contains(line), "{line}\n{page}");
        }
    }
}
