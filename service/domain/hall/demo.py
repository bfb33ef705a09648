"""The demo hall. It is created if the database is empty, so that a first ticket needs no configuration.

Source: CONTRACT 3.
"""

from msgspec import convert
from msgspec.structs import replace

from service.domain.hall.document import HallDocument
from service.domain.model import HallId

DEMO = HallId("demo")

_EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]
_COUNTERS = ["1", "2", "3", "4", "5"]
_SERVICES = ["loan-first", "enquiry", "loan-renewal"]


def demo_document(*, always_open: bool) -> HallDocument:
    """Return the document of a student-loan hall.

    With `always_open`, it is open around the clock with all counters staffed, and admits everybody.
    """
    hours = [{"weekdays": _EVERY_DAY, "from": "09:00", "to": "17:30"}]
    staffing = [
        {"weekdays": _EVERY_DAY, "from": "09:00", "to": "12:00", "counters": 5},
        {"weekdays": _EVERY_DAY, "from": "12:00", "to": "13:30", "counters": 3},
        {"weekdays": _EVERY_DAY, "from": "13:30", "to": "17:30", "counters": 5},
    ]
    if always_open:
        hours = [{"weekdays": _EVERY_DAY, "from": "00:00", "to": "24:00"}]
        staffing = [{"weekdays": _EVERY_DAY, "from": "00:00", "to": "24:00", "counters": 5}]
    return convert(
        {
            "time_zone": "Asia/Shanghai",
            "country": "CN",
            "languages": ["zh-CN", "en"],
            "name": {"zh-CN": "学生资助贷款办理大厅", "en": "Student Loan Hall"},
            "hours": hours,
            "staffing": staffing,
            "zones": [{"id": "main", "name": {"zh-CN": "办事大厅", "en": "Main hall"}}],
            "stages": [
                {"id": "precheck", "optional": True, "name": {"zh-CN": "预审台", "en": "Pre-check"}},
                {"id": "window", "name": {"zh-CN": "窗口", "en": "Counter"}},
            ],
            "services": [
                {
                    "id": "loan-first",
                    "name": {"zh-CN": "首次贷款签约", "en": "First loan contract"},
                    "prefix": "A",
                    "stages": ["precheck", "window"],
                    "duration_s": {"mean": 300, "cv": 0.6},
                    "papers": [
                        {"id": "id-card", "name": {"zh-CN": "身份证", "en": "ID card"}},
                        {
                            "id": "student-card",
                            "name": {"zh-CN": "学生证或录取通知书", "en": "Student card or admission letter"},
                        },
                        {"id": "application-form", "name": {"zh-CN": "贷款申请表", "en": "Loan application form"}},
                        {"id": "co-borrower-id", "name": {"zh-CN": "共同借款人身份证", "en": "Co-borrower's ID card"}},
                    ],
                    "count_max": 4,
                },
                {
                    "id": "enquiry",
                    "name": {"zh-CN": "咨询", "en": "Enquiries"},
                    "prefix": "B",
                    "stages": ["window"],
                    "duration_s": {"mean": 180},
                    "count_max": 4,
                },
                {
                    "id": "loan-renewal",
                    "name": {"zh-CN": "续贷", "en": "Loan renewal"},
                    "prefix": "C",
                    "stages": ["window"],
                    "duration_s": {"mean": 300},
                    "online_url": "https://example.org/loan-renewal",
                    "bookable": False,
                },
            ],
            "counters": [
                *({"id": name, "zone": "main", "stage": "window", "services": _SERVICES} for name in _COUNTERS),
                {"id": "P1", "zone": "main", "stage": "precheck", "services": ["loan-first"]},
            ],
            "admission": "all" if always_open else "fit",
            "codes": {
                "reasons": [
                    "urgent",
                    "elderly",
                    "disability",
                    "pregnant",
                    "with-infant",
                    "illness",
                    "long-journey",
                    "break",
                    "lunch",
                    "training",
                    "technical",
                    "paper-missing",
                    "clerk-error",
                    "other",
                ],
                "missing": [
                    "id-card",
                    "student-card",
                    "application-form",
                    "co-borrower-id",
                    "enrolment-letter",
                    "household-register",
                    "signature",
                    "photocopy",
                ],
                "ratings": [
                    "short-wait",
                    "clear-answers",
                    "friendly",
                    "long-wait",
                    "unclear-answers",
                    "unfriendly",
                    "papers-unclear",
                    "came-for-nothing",
                ],
            },
            "texts": _TEXTS,
        },
        HallDocument,
    )


def is_untouched(document: HallDocument) -> bool:
    """Tell whether a document is the unchanged demo document of this or an earlier release."""
    made = [demo_document(always_open=always_open) for always_open in (True, False)]
    return document in [*made, *map(_of_0_1_0, made)]


def _of_0_1_0(document: HallDocument) -> HallDocument:
    """Return the demo document of release 0.1.0, which had no ratings."""
    texts = {code: text for code, text in document.texts.items() if code not in document.codes.ratings}
    return replace(document, codes=replace(document.codes, ratings=[]), texts=texts)


_TEXTS = {
    "urgent": {"zh-CN": "急事", "en": "Urgent"},
    "elderly": {"zh-CN": "老年人", "en": "Elderly person"},
    "disability": {"zh-CN": "残障人士", "en": "Disability"},
    "pregnant": {"zh-CN": "孕妇", "en": "Pregnant"},
    "with-infant": {"zh-CN": "带婴幼儿", "en": "With an infant"},
    "illness": {"zh-CN": "身体不适", "en": "Unwell"},
    "long-journey": {"zh-CN": "远道而来", "en": "Long journey"},
    "break": {"zh-CN": "短暂休息", "en": "Short break"},
    "lunch": {"zh-CN": "午餐", "en": "Lunch"},
    "training": {"zh-CN": "培训", "en": "Training"},
    "technical": {"zh-CN": "设备故障", "en": "Technical trouble"},
    "paper-missing": {"zh-CN": "缺材料", "en": "A paper is missing"},
    "clerk-error": {"zh-CN": "操作更正", "en": "Correction"},
    "other": {"zh-CN": "其他", "en": "Other"},
    "id-card": {"zh-CN": "身份证", "en": "ID card"},
    "student-card": {"zh-CN": "学生证或录取通知书", "en": "Student card or admission letter"},
    "application-form": {"zh-CN": "贷款申请表", "en": "Loan application form"},
    "co-borrower-id": {"zh-CN": "共同借款人身份证", "en": "Co-borrower's ID card"},
    "enrolment-letter": {"zh-CN": "在校证明", "en": "Enrolment letter"},
    "household-register": {"zh-CN": "户口簿", "en": "Household register"},
    "signature": {"zh-CN": "签名", "en": "Signature"},
    "photocopy": {"zh-CN": "复印件", "en": "Photocopy"},
    "short-wait": {"zh-CN": "等候不久", "en": "Short wait"},
    "clear-answers": {"zh-CN": "解答清楚", "en": "Clear answers"},
    "friendly": {"zh-CN": "态度热情", "en": "Friendly"},
    "long-wait": {"zh-CN": "等候较久", "en": "Long wait"},
    "unclear-answers": {"zh-CN": "解答不够清楚", "en": "Answers not clear"},
    "unfriendly": {"zh-CN": "态度有待改进", "en": "Not friendly"},
    "papers-unclear": {"zh-CN": "所需材料事先说得不清楚", "en": "Unclear what to bring"},
    "came-for-nothing": {"zh-CN": "没有办成", "en": "Came for nothing"},
}
