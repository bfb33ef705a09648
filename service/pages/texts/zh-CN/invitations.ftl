### Invitations: the section of managers, and the page of a partner.

invite-title = 邀请
invite-about = 邀请名单：每人得到一个码，凭码预约或直接前来。
invite-about-partner = 您的名单：每人得到一个码，凭码预约或直接前来。
invite-list = 导入名单
invite-file = 选择文件
invite-drop = 或拖到这里
invite-file-hint = CSV 或 .xlsx，最多 10,000 行。列：姓名；如有，手机、邮箱、事项、已预审、语言。
invite-chosen = { $name }
invite-choose-first = 请先选择文件。
invite-mode = 有不合适的行时
invite-mode-all = 先都不邀请
invite-mode-good = 只邀请合适的行
invite-releases = 位置保留到
invite-releases-hint = 不填：按预约规则。
invite-partner = 归属
invite-own = 大厅自己
invite-send = 邀请
invite-made = 已邀请 { $count } 人。
invite-left-out = { $count } 行未邀请：
invite-bad = 有 { $count } 行不合适，还没有邀请任何人。
invite-mend = 请在文件中改好后重新选择，或者
invite-good-anyway = 现在就邀请合适的行
invite-no-list = 这个文件读不出名单，没有邀请任何人。
invite-bad-lines = 不合适的行
invite-bad-more = 另有 { $count } 处未显示。
invite-line = 行
invite-column = 列
invite-reason = 原因
invite-column-name = 姓名
invite-column-phone = 手机
invite-column-email = 邮箱
invite-column-service = 事项
invite-column-prechecked = 已预审
invite-column-locale = 语言
invite-why-missing = 没有填写。
invite-why-phone = 不是手机号。
invite-why-email = 不是邮箱地址。
invite-why-service = 本大厅没有这个事项。
invite-why-prechecked = 既不是“是”也不是“否”。
invite-why-twice = 与第 { $line } 行是同一人。
invite-why-beyond = 有内容超出了列的范围。
invite-why-rounded = 表格软件把号码四舍五入了。请把这一列设为文本。
invite-why-locale = 不是 zh-CN、en 这样的语言。
invite-why-name = 不是 1 到 200 个字的姓名。
invite-why-columns = 列名不在可识别的范围内，至少要有姓名一列。

## Imports

invite-batches = 已导入的名单
invite-none = 还没有。
invite-made-at = 邀请时间
invite-invited = 人数
invite-used = 已使用
invite-taken-back = 已撤回
invite-acts = 操作
invite-of = { $act }：{ $when }
invite-open = 名单
invite-csv = 邀请码（CSV）
invite-sheet = 打印二维码
invite-no-cards = 这些码都已使用或撤回，没有可打印的。
invite-people = 名单中的 { $count } 人
invite-code = 邀请码
invite-any-service = 不限
invite-became = 结果
invite-unused = 未使用
invite-booked = 已预约
invite-checked-in = 已到
invite-done = 已办结
invite-left = 已离开
invite-missed = 未到
invite-revoked = 已撤回
invite-revoke = 撤回
invite-revoke-line = 撤回第 { $line } 行
invite-revoke-title = 撤回第 { $line } 行的邀请？
invite-revoke-about = 此码将不能再使用，被邀请人的信息会删除。此操作不能撤销。
invite-revoked-told = 已撤回。
invite-used-meanwhile = 这个码刚刚已被使用。请改为取消预约。

## The page of a partner

invite-key-title = 打开本页需要密钥
invite-key-about = 请用大厅给您的完整网址打开，网址以 #key= 和一串字母结尾。密钥只保存在这个浏览器中。
invite-forget-key = 删除密钥
