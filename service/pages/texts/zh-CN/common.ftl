### 工作人员各页面的用语。

cancel = 取消
undo = 撤销（还剩 { $seconds } 秒）
paihao = 排号
connected = 已连接
connecting = 正在连接
not-connected = 未连接
not-there-yet = 暂时连不上服务，正在再试。恢复后本页自动继续。
checking = 正在确认，不会重复办理

## 登录

sign-in = 登录
sign-in-title = 登录
sign-in-about = 本页供大厅工作人员使用。
sign-in-name = 用户名
sign-in-password = 密码
sign-in-or = 或
sign-in-sso = 用单位账号登录
sign-in-needs-https = 用户名和密码正确，但本页地址以 http 开头，浏览器无法保持登录。请用以 https 开头的地址打开本页；如果打不开，请联系负责运行本服务的人员开通。
sign-in-not-kept = 用户名和密码正确，但这个浏览器没有保持登录。请允许本网址使用 Cookie，然后重新登录。
sign-out = 退出登录
sign-out-everywhere = 在所有设备上退出
password-title = 请设定自己的密码
password-about = 给您的密码只能用一次。
password-current = 现在的密码
password-new = 新密码
password-again = 再输一次新密码
password-hint = 至少 10 个字符，不含自己的用户名。
password-differs = 两次输入不一样，请再输一次。
password-save = 保存并继续
no-role-title = 这里还没有给您安排工作
no-role-about = 您已登录，但本大厅还没有加上您。请联系大厅管理者。
account-admin = 系统管理员
go-to = 页面
go-manage = 管理大厅
go-ops = 运行监控
go-halls = 全部大厅
theme = 外观
theme-system = 随系统
theme-light = 浅色
theme-dark = 深色
theme-contrast = 高对比度

## 未能办理：先说事实，再说怎么办

problem-unreached = 暂时连不上服务，还不能确定是否办成。一恢复连接，本页就显示实际情况。
problem-other = 未能办理：{ $title }
problem-sign-in-refused = 用户名和密码对不上。请核对后再试，或请管理者重设密码。
problem-rate-limited = 次数较多，请 { $seconds } 秒后继续。
problem-forbidden = 您的角色不能做这一步，请联系大厅管理者。
problem-token-missing = 您已退出登录，请重新登录。
problem-token-invalid = 您已退出登录，请重新登录。
problem-wrong-state = 情况刚刚有变，本页已显示现在的情况。
problem-counter-busy = 还有人在办理。先完成或暂缓，再叫下一位。
problem-counter-busy-named = { $number } 还在办理。先完成或暂缓，再叫下一位。
problem-counter-closed = 本窗口还没有开放，请先开放窗口。
problem-counter-not-found = 本大厅没有这个窗口。
problem-ticket-not-found = 这个号码已经不在了。
problem-appointment-not-found = 这个预约已经不在了。
problem-alarm-not-found = 这次求助已有人处理。
problem-notice-not-found = 这条公告已经取下。
problem-account-not-found = 此人在本大厅已没有角色。
problem-device-not-found = 这个设备的密钥已经收回。
problem-message-not-found = 这条消息已经不在了。
problem-service-not-found = 本大厅已没有这个事项。
problem-hall-not-found = 没有这个大厅。
problem-hall-closed = 现在不在办理时间内。
problem-hall-suspended = 大厅暂停办理，恢复后继续叫号。
problem-online-only = 网上即可办理，无需到场。
problem-busy = 服务现在很忙，这一步没有办理，请再按一次。
problem-storage-unavailable = 暂时无法保存，这一步没有办理，请再按一次。
problem-outcome-unknown = 还不能确定是否办成，一有结果本页就显示。
problem-body-invalid = 表单里有一处不合适，请再看一看。
problem-fault = 我们这边出了问题，已经记录。请再按一次。

## 手机页面

back = 返回
step-of = 第 { $at } 步，共 { $of } 步
minutes-range = { $from }–{ $to } 分钟
minutes-short = { $minutes } 分钟
axis-now = 现在
loading = 正在读取
code-label = { $code } 的二维码
