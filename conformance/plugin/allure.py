"""Make allure-pytest's results tell what the records tell: loaded only when pytest writes Allure results.

allure-pytest knows tests, parameters and exceptions; requirements, verdicts and evidence come from the record that
each report carries. Tests never import allure.
"""

from __future__ import annotations

import shutil
import time
import uuid
from hashlib import md5
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from allure_commons import plugin_manager as allure
from allure_commons.model2 import Label, Link, Parameter, StatusDetails, TestResult
from allure_commons.types import ParameterMode
from allure_pytest.utils import ParsedPytestNodeId, get_history_id

from reports import allure as shown
from reports import allure_config, allure_folder
from reports.record import Record, Verdict, from_properties
from strategies.config import base_config

if TYPE_CHECKING:
    from collections.abc import Iterator

LISTENER = "allure_listener"  # the name under which allure-pytest registers what collects results


class Results:
    """Changes each result before allure-pytest writes it, in the process that runs the test."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Iterator[None]:
        """Do not call a test passed that was interrupted: allure-pytest would, since its set-up was good."""
        try:
            return (yield)
        except BaseException:
            listener: Any = self._config.pluginmanager.get_plugin(LISTENER)
            if listener is not None and (result := listener.allure_logger.get_test(None)) is not None:
                result.status = "skipped"
                result.statusDetails = StatusDetails(message=shown.INTERRUPTED)
            raise

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self) -> Iterator[None]:
        """Tell Allure what the report's record says, once allure-pytest has had its say."""
        report: pytest.TestReport = yield  # type: ignore[assignment]  # the wrapped hook returns the report
        record = from_properties(report.user_properties)
        listener: Any = self._config.pluginmanager.get_plugin(LISTENER)
        if record is not None and listener is not None:
            tell(listener.allure_logger.get_test(None), record, report.outcome, report.longreprtext)
            attach(record)
        return report  # type: ignore[return-value]  # as above


def tell(result: TestResult, record: Record, outcome: str, trace: str = "") -> None:
    """Give a result the name, place, status and links of a record.

    Allure shows results of one test case side by side, so a case has an id of its own. Its history goes by full name
    and parameters, which have to be the same in every run: the runtime's name, for each runtime has a past of its own,
    and the id that tests of one function differ by.
    """
    result.name = shown.title(record)
    result.description = shown.description(record)
    result.fullName = full_name(ParsedPytestNodeId(record.test))
    result.testCaseId = _hash(f"{result.fullName}[{record.parameters}]")
    result.parameters = [Parameter("runtime", record.runtime.name, mode=ParameterMode.HIDDEN.value)]
    if record.parameters:
        result.parameters.append(Parameter("case", record.parameters))
    result.labels.extend(Label(name, value) for name, value in shown.labels(record))
    result.links.extend(Link(*link) for link in shown.links(record))
    result.status = shown.status(record, outcome)
    message = shown.message(record)
    known = record.verdict is Verdict.KNOWN or record.is_inherited or None
    flaky = record.comes_and_goes or None
    details = StatusDetails(known=known, flaky=flaky, message=message, trace=trace or None)
    result.statusDetails = details if message or flaky else None


def attach(record: Record) -> None:
    """Keep the evidence of a record with the result of the test that runs now."""
    for name, text, kind, extension in shown.attachments(record, base_config()):
        allure.hook.attach_data(body=text, name=name, attachment_type=kind, extension=extension)
    if record.reproduction and Path(record.reproduction).is_file():
        allure.hook.attach_file(source=record.reproduction, name="run.sh", attachment_type="text/plain", extension="sh")


class Folder:
    """In the controller: writes what no worker can, into the folder of the results."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._records: list[Record] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, report: pytest.TestReport) -> None:
        """Write the result of a test whose worker died with it."""
        record = from_properties(report.user_properties)
        if record is not None:
            allure.hook.report_result(result=crashed(record, report.longreprtext))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the record, for the files at the end."""
        record = from_properties(report.user_properties)
        if record is not None:
            self._records.append(record)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Write the environment, adding to that of an earlier run, and the configuration of the report."""
        if not self._records:
            return
        environment = self._folder / "environment.properties"
        before = environment.read_text(encoding="ascii") if environment.is_file() else ""
        environment.write_text(allure_folder.environment_properties(self._records, before), encoding="ascii")
        (self._folder / "categories.json").write_text(allure_folder.categories_json(), encoding="utf-8")
        configuration = allure_config.configuration(allure_config.runtimes_in(self._folder))
        (self._folder / allure_config.NAME).write_text(configuration, encoding="utf-8")


def crashed(record: Record, trace: str) -> TestResult:
    """The result of a test that allure-pytest could not write, named as it would have named it."""
    node = ParsedPytestNodeId(record.test)
    now = round(time.time() * 1000)
    result = TestResult(uuid=str(uuid.uuid4()), start=now, stop=now)
    result.titlePath = [*node.path_segments, *node.class_names]
    suites = (("parentSuite", node.parent_package), ("suite", node.module), ("subSuite", " > ".join(node.class_names)))
    result.labels = [Label(name, value) for name, value in suites if value]
    tell(result, record, "failed", trace)
    result.historyId = get_history_id(result.fullName, result.parameters, original_values={})
    return result


def full_name(node: ParsedPytestNodeId) -> str:
    """How allure-pytest names a test; by the record's name for it, which is the same wherever pytest is started."""
    return f"{'.'.join([node.package, *node.class_names])}#{node.test_function}"


def _hash(text: str) -> str:
    """How allure-pytest makes ids of names."""
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def clean(config: pytest.Config, folder: Path) -> None:
    """Clean the folder if that was asked for, in the controller alone.

    allure-pytest cleans it in every worker, so that one which replaces a dead worker takes all results away.
    """
    asked = config.option.clean_alluredir and not config.option.collectonly
    config.option.clean_alluredir = False
    if asked and not hasattr(config, "workerinput"):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)


def register(config: pytest.Config) -> None:
    """Take part in writing Allure results, if this run writes any; to be called before allure-pytest is configured."""
    if not config.getoption("allure_report_dir", None):
        return
    folder = Path(config.option.allure_report_dir).absolute()
    clean(config, folder)
    config.pluginmanager.register(Results(config), "seatrial-allure")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Folder(folder), "seatrial-allure-folder")
