//! What we ship as YAML and as Dockerfiles holds together: our own parsers take every argument and variable, and
//! every account may do what its gate needs and nothing more.
//!
//! A rule is a function from a file to complaints, so that `broken` can show that each of them complains when there
//! is a reason to. <https://kubernetes.io/docs/concepts/overview/working-with-objects/>

mod access;
mod arguments;
mod broken;
mod container;
mod file;
mod images;
mod probes;
mod schema;
mod security;
mod story;
mod timeline;

use file::File;

/// What is wrong with a file, a line for each.
type Rule = fn(&File) -> Vec<String>;

fn check(folders: &[&str], rule: Rule) {
    let files: Vec<File> = folders.iter().flat_map(|folder| File::all_in(folder)).collect();
    assert!(files.len() >= folders.len(), "nothing to check in {folders:?}");
    let complaints: Vec<String> = files
        .iter()
        .flat_map(|file| rule(file).into_iter().map(|complaint| format!("{}: {complaint}", file.path)))
        .collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn every_field_is_one_that_kubernetes_knows() {
    check(&["examples", "deploy"], schema::unknown_fields);
}

#[test]
fn every_gate_understands_its_arguments_and_variables() {
    check(&["examples", "deploy"], arguments::misunderstood_by_wait_for);
}

#[test]
fn every_simulator_understands_its_variables_and_has_no_advice_to_give() {
    check(&["examples", "deploy"], arguments::misunderstood_by_probesim);
}

#[test]
fn a_command_in_a_comment_can_be_run() {
    check(&["examples", "deploy"], arguments::misunderstood_in_comments);
}

#[test]
fn an_account_may_do_what_its_gate_needs_and_nothing_more() {
    check(&["examples"], access::unfit_roles);
}

#[test]
fn a_role_reads_only_and_names_each_kind_in_its_own_group() {
    check(&["examples", "deploy"], access::careless_roles);
}

#[test]
fn every_kind_of_target_has_a_rule_to_copy_from() {
    let missing = access::kinds_without_a_rule();
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

#[test]
fn containers_run_with_as_few_rights_as_they_can() {
    check(&["examples", "deploy"], security::loose_containers);
}

#[test]
fn our_containers_ask_for_little_and_have_a_limit() {
    check(&["examples", "deploy"], security::unmeasured_containers);
}

#[test]
fn every_probe_asks_for_an_endpoint_that_is_served_on_that_port() {
    check(&["examples", "deploy"], probes::misdirected);
}

#[test]
fn an_example_brings_what_its_gate_waits_for() {
    check(&["examples"], story::absent_targets);
}

#[test]
fn selectors_select_what_is_in_the_same_file() {
    check(&["examples"], story::idle_selectors);
}

#[test]
fn a_file_begins_with_two_lines_on_what_it_shows() {
    check(&["examples", "deploy"], story::untold);
}

#[test]
fn there_is_an_example_of_each_way_to_use_the_gate() {
    let examples = File::all_in("examples");
    let gates: usize = examples.iter().map(|file| container::of(file, "wait-for").len()).sum();
    let simulators: usize = examples.iter().map(|file| container::of(file, "probesim").len()).sum();
    assert!(gates >= 5 && simulators >= 1, "{gates} gates, {simulators} simulators in {}", examples.len());
}
