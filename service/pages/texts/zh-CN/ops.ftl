### 运行监控页。

ops-title = 运行监控
ops-skip = 跳到所选大厅
ops-sums =
    .aria-label = 全部大厅
ops-list =
    .aria-label = 大厅列表，最吃紧的在前
ops-live = 实时，截至 { $time }
ops-silent = 未连接
ops-stale = 本页暂停更新，以下为 { $time } 的信息
ops-none = 还没有可查看的大厅。负责人可查看自己管理的大厅。
ops-choose = 选择一个大厅，查看当天情况。
ops-reading = 正在读取该大厅的当天情况

## 六个数字

sum-waiting = 等候人数
sum-waiting-of = { $halls } 个大厅中 { $open } 个开放
sum-longest = 最长等候
sum-longest-limit = 上限 { $limit } 分钟
sum-longest-of = 上限 { $limit } 分钟，{ $hall }
sum-counters = 开放窗口
sum-counters-of = 计划 { $planned } 个
sum-promises = 预计准确
sum-promises-of = 目标 { $from }–{ $to }%
sum-standby = 候补
sum-standby-of = 分布在 { $halls } 个大厅
sum-screens = 在线屏幕
sum-screens-all = 有密钥的屏幕全部在线
sum-screens-none = 还没有带密钥的屏幕
sum-screens-gone = { $hall }“{ $screen }”离线 { $minutes } 分钟

## 列表

search = 查找大厅
search-none = 没有这个名称的大厅。
column-hall = 大厅，最吃紧的在前
column-waiting = 等候
column-longest = 最长
column-counters = 窗口
column-promises = 准确
column-screens = 屏幕
column-standby = 候补
minutes = { $minutes } 分钟
hours = { $hours } 小时
percent = { $share }%
of = { $some } / { $of }
of-unknown = ? / { $of }
closed = 未开放
suspended = 暂停

## 大厅的一天

report = 报表
open-until = 开放至 { $time }
open-now = 开放中
opens-at = { $when } 开放
day-closed = 该大厅全天不开放。
manage-hall = 管理该大厅
show-screen = 叫号屏
alerts = 需要关注
alert-now = 现在
alert-none = 没有超过上限的项目。
alert-suspended = 大厅已暂停：不取号，不叫号
alert-wait = 有人已等候 { $minutes } 分钟，上限 { $limit } 分钟
alert-counters = 少开 { $missing } 个窗口：开放 { $open } 个，计划 { $planned } 个
alert-screen = “{ $screen }”自 { $time } 起没有显示
alert-promises = { $scored } 次预计中 { $held } 次准确
alert-wait-ahead = 此后等候可能超过 { $limit } 分钟
alert-intake = 此后来的人很难在闭馆前叫到
alert-overtime = 闭馆时可能办不完：还需窗口 { $from }–{ $to } 分钟
chart-arrivals = 每半小时人数
chart-waiting = 等候人数
chart-capacity = 开放窗口的接待能力
chart-plan = 计划
chart-fan = 十天中有八天落在此带内
chart-now = { $time } 现在
chart-described = { $from } 至 { $to } 的到达人数与接待能力，以及等候人数
key-booked = 预约
key-walk-ins = 现场取号
key-to-come = 浅色：预计还会来
as-table = 以表格显示
half-from = 时间
half-booked = 预约
half-booked-to-come = 预计
half-walk-ins = 现场
half-walk-ins-to-come = 预计
half-capacity = 接待能力
half-planned = 计划
half-waiting = 等候

## 报表

report-of = 报表
report-leave = 返回今天
report-from = 从
report-to = 至
report-show = 显示
report-dates = 最多 62 天，起始日期在前。
report-none = 这段时间该大厅没有数据。
report-issued = 取号
report-served = 已办理
report-no-show = 过号
report-left = 离开
report-waits = 等候：一半人、九成人
report-lasted = 办理：一半人、九成人
report-spread = { $p50 }、{ $p90 } 分钟以内
report-booked = 预约
report-in-time = 10 分钟内叫到
report-missed = 爽约
report-promises = 预计准确
report-rating = 评价
report-rating-of = { $mean } 分（满分 5），共 { $number } 次
report-exceptions = 越序
report-overtime = 闭馆后办理
report-counters = 窗口开放
report-online = 引导网上办理
report-days = 按日
report-hours = 按时段
report-column-day = 日期
report-column-issued = 取号
report-column-served = 已办理
report-column-no-show = 过号
report-column-left = 离开
report-column-p50 = 一半人等候（分钟）
report-column-p90 = 九成人等候（分钟）
report-column-in-time = 按时叫到
report-column-promises = 预计准确
report-column-hour = 时段
report-column-booked = 预约
report-column-walk-ins = 现场
report-column-calls = 叫号
report-column-most = 最多等候
report-column-open = 窗口小时
