security-signin = 登录
security-login = 用户名
security-password = 密码
security-signin-note = 说明
security-signin-wrong = 用户名或密码不对。请检查大小写后再试。
security-signin-locked = 尝试次数过多。请在 { $minutes } 分钟后再试,或联系本单位系统管理员。
security-signin-forgotten = 忘记密码时,请联系本单位系统管理员重新设置。

security-account = 我的账号
security-account-lead = { $display }(用户名 { $login })
security-posts = 岗位
security-no-post = 这个账号目前没有岗位。请联系本单位系统管理员授予岗位。
security-post-current = 当前
security-post-open = 长期
security-post-until = 至 { $day } 前有效
security-post-switch = 切换到这个岗位

security-sessions = 登录中的设备
security-session-created = 登录时间
security-session-seen = 最近使用
security-session-address = 地址
security-session-agent = 浏览器
security-session-end = 退出
security-session-this = 本设备

security-password-change = 修改密码
security-password-present = 现密码
security-password-wanted = 新密码
security-password-again = 再次输入新密码
security-password-rule = 至少 10 个字符,包含大写字母、小写字母、数字、其他符号中的三种;满 20 个字符的短语不限种类。
security-password-differs = 两次输入的新密码不一样
security-password-wrong = 现密码不对,或尝试次数过多
security-password-done = 密码已修改,其他设备已退出登录。

security-password-fault-short = 至少 10 个字符
security-password-fault-long = 最多 128 个字符
security-password-fault-plain = 请包含大写字母、小写字母、数字、其他符号中的三种
security-password-fault-name = 密码里不能有用户名
security-password-fault-common = 这个密码太常见,容易被猜到,请换一个

security-not-found-title = 没有这个页面或记录
security-not-found = 地址可能有误,或者不在您的岗位范围内。请从导航重新进入。
security-not-signed-in-title = 请先登录
security-not-signed-in = 登录已过期,请重新登录后再操作。
security-not-allowed-title = 当前岗位不能进行这项操作
security-not-allowed = 如果工作需要,请联系本单位系统管理员授予岗位,或切换到您的另一个岗位。
security-form-expired-title = 页面已过期
security-form-expired = 没有写入任何内容。请返回上一页,刷新后重新提交。
security-form-too-large-title = 提交的内容太大
security-form-too-large = 没有写入任何内容。请减少内容后重新提交;成批数据请使用“入库”上传文件。
security-failed-title = 暂时无法处理
security-failed = 没有写入任何内容。请稍后再试;仍不行时请把下面的代码告诉系统管理员。
