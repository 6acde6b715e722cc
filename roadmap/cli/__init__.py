"""Commands for operators: flask --app roadmap …"""
